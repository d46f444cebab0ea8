package conformance

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// MarshalJSON writes the form that [Parse] reads, with objects and tasks in their order.
func (s Scenario) MarshalJSON() ([]byte, error) {
	var w writer
	w.raw(`{"name": `)
	w.value(s.Name)
	w.raw(`, "objects": {`)
	for i, o := range s.Objects {
		w.separate(i)
		w.value(o.Name)
		w.raw(": [")
		w.value(string(o.Kind))
		if o.Kind.HasSize() {
			w.raw(", ")
			w.value(o.Size)
		}
		w.raw("]")
	}
	w.raw(`}, "tasks": {`)
	for i, t := range s.Tasks {
		w.separate(i)
		w.value(t.Name)
		w.raw(": ")
		w.ops(t.Ops)
	}
	w.raw("}}")
	return w.Bytes(), w.err
}

// MarshalJSON writes an operation as a list of its name and its arguments, as in ["put", "q", 7].
func (op Op) MarshalJSON() ([]byte, error) {
	var w writer
	w.op(op)
	return w.Bytes(), w.err
}

// String returns the JSON form of the scenario.
func (s Scenario) String() string {
	data, err := s.MarshalJSON()
	if err != nil {
		return err.Error()
	}
	return string(data)
}

type writer struct {
	bytes.Buffer
	err error
}

func (w *writer) raw(s string) { w.WriteString(s) }

func (w *writer) separate(i int) {
	if i > 0 {
		w.raw(", ")
	}
}

func (w *writer) value(v any) {
	encoder := json.NewEncoder(&w.Buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		w.err = err
		return
	}
	w.Truncate(w.Len() - 1) // the encoder's newline
}

func (w *writer) ops(ops []Op) {
	w.raw("[")
	for i, op := range ops {
		w.separate(i)
		w.op(op)
	}
	w.raw("]")
}

func (w *writer) op(op Op) {
	wanted, ok := arguments[op.Name]
	if !ok {
		w.err = fmt.Errorf("unknown operation %q", op.Name)
		return
	}
	w.raw("[")
	w.value(op.Name)
	for _, argument := range wanted {
		w.raw(", ")
		w.argument(op, argument)
	}
	w.raw("]")
}

func (w *writer) argument(op Op, argument argument) {
	switch argument {
	case text:
		w.value(op.Text)
	case number, count, milliseconds:
		w.value(op.Number)
	case deadline:
		if op.Unlimited {
			w.raw("null")
		} else {
			w.value(op.Number)
		}
	case immediate:
		w.value(op.Immediate)
	case names:
		w.raw("[")
		for i, name := range op.Names {
			w.separate(i)
			w.value(name)
		}
		w.raw("]")
	case when:
		w.value(string(op.When))
	case body:
		w.ops(op.Body)
	case handlers:
		w.handlers(op.Handlers)
	default:
		w.value(op.Target)
	}
}

func (w *writer) handlers(h Handlers) {
	w.raw("{")
	written := 0
	for _, handler := range []struct {
		key string
		ops []Op
	}{{"error", h.Error}, {"cancel", h.Cancel}, {"finally", h.Finally}} {
		if handler.ops == nil {
			continue
		}
		w.separate(written)
		written++
		w.value(handler.key)
		w.raw(": ")
		w.ops(handler.ops)
	}
	w.raw("}")
}
