package executor

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/goaio/aio/executor/internal/wire"
)

// lineHandler is the handler of slog in a worker: it sends each line to the
// pool.
type lineHandler struct {
	worker     *worker
	level      slog.Level
	attributes []wire.Attribute // those of With
	prefix     string           // of WithGroup
}

func (h *lineHandler) Enabled(_ context.Context, level slog.Level) bool { return level >= h.level }

const (
	maxAttributes = 64
	maxAttribute  = 2 << 10
)

func (h *lineHandler) Handle(_ context.Context, r slog.Record) error {
	line := wire.Line{
		Nanoseconds: r.Time.UnixNano(), Level: int(r.Level), Message: cut(r.Message, maxText), Attributes: h.attributes[:len(h.attributes):len(h.attributes)],
	}
	if r.Time.IsZero() {
		line.Nanoseconds = 0
	}
	r.Attrs(func(a slog.Attr) bool {
		line.Attributes = appendAttribute(line.Attributes, h.prefix, a)
		return true
	})
	body, err := wire.Encode(line)
	if err != nil {
		return err
	}
	h.worker.mu.Lock()
	number := uint64(0)
	if c := h.worker.call; c != nil {
		number = c.number
	}
	h.worker.mu.Unlock()
	return h.worker.send(wire.Log, number, body)
}

func (h *lineHandler) WithAttrs(attributes []slog.Attr) slog.Handler {
	with := *h
	with.attributes = append([]wire.Attribute{}, h.attributes...)
	for _, a := range attributes {
		with.attributes = appendAttribute(with.attributes, h.prefix, a)
	}
	return &with
}

func (h *lineHandler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	with := *h
	with.prefix += name + "."
	return &with
}

// appendAttribute appends an attribute, those of a group under its name and a
// dot.
func appendAttribute(to []wire.Attribute, prefix string, a slog.Attr) []wire.Attribute {
	a.Value = a.Value.Resolve()
	if a.Equal(slog.Attr{}) || len(to) >= maxAttributes {
		return to
	}
	key := cut(prefix+a.Key, maxName)
	switch a.Value.Kind() {
	case slog.KindGroup:
		if a.Key != "" {
			prefix = key + "."
		}
		for _, inner := range a.Value.Group() {
			to = appendAttribute(to, prefix, inner)
		}
		return to
	case slog.KindBool, slog.KindInt64, slog.KindUint64, slog.KindFloat64:
		return append(to, wire.Attribute{Key: key, Value: a.Value.Any()})
	case slog.KindTime:
		return append(to, wire.Attribute{Key: key, Value: a.Value.Time().Format(time.RFC3339Nano)})
	case slog.KindAny:
		return append(to, wire.Attribute{Key: key, Value: cut(fmt.Sprintf("%+v", a.Value.Any()), maxAttribute)})
	}
	return append(to, wire.Attribute{Key: key, Value: cut(a.Value.String(), maxAttribute)})
}
