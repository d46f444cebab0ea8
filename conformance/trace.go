package conformance

import (
	"encoding/json"
	"errors"
	"fmt"
)

// A Trace is what a run logged, in order.
type Trace []Line

// A Line is one thing that was logged.
type Line struct {
	Millisecond int    // virtual time since the run began
	Who         string // the task, or Loop
	Text        string
}

// Loop is who logs what no task does: callbacks, and a deadlock.
const Loop = "loop"

// String returns a form for people.
func (l Line) String() string { return fmt.Sprintf("%6d  %-6s %s", l.Millisecond, l.Who, l.Text) }

// MarshalJSON writes [millisecond, who, text].
func (l Line) MarshalJSON() ([]byte, error) {
	var w writer
	w.raw("[")
	w.value(l.Millisecond)
	w.raw(", ")
	w.value(l.Who)
	w.raw(", ")
	w.value(l.Text)
	w.raw("]")
	return w.Bytes(), w.err
}

// UnmarshalJSON reads what MarshalJSON writes.
func (l *Line) UnmarshalJSON(data []byte) error {
	elements, err := parseList(data)
	if err != nil {
		return err
	}
	if len(elements) != 3 {
		return errors.New("a line of a trace is [millisecond, who, text]")
	}
	return errors.Join(
		json.Unmarshal(elements[0], &l.Millisecond),
		json.Unmarshal(elements[1], &l.Who),
		json.Unmarshal(elements[2], &l.Text),
	)
}

// FirstDifference returns the index of the first line in which two traces differ, or -1 if they are equal.
func FirstDifference(a, b Trace) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	if len(a) != len(b) {
		return min(len(a), len(b))
	}
	return -1
}
