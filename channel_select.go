package aio

import (
	"context"
	"reflect"
)

// SelectCase is one case of a [Select]; see [RecvCase] and [SendCase].
type SelectCase struct {
	of  reflect.SelectCase
	set func(v reflect.Value, ok bool) // hands over what was received
}

// RecvCase receives from ch into v and ok, either of which may be nil.
func RecvCase[T any](ch <-chan T, v *T, ok *bool) SelectCase {
	return SelectCase{
		of: reflect.SelectCase{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(ch)},
		set: func(got reflect.Value, open bool) {
			if v != nil {
				reflect.ValueOf(v).Elem().Set(got)
			}
			if ok != nil {
				*ok = open
			}
		},
	}
}

// SendCase sends v to ch.
func SendCase[T any](ch chan<- T, v T) SelectCase {
	return SelectCase{of: reflect.SelectCase{
		Dir: reflect.SelectSend, Chan: reflect.ValueOf(ch), Send: reflect.ValueOf(&v).Elem(),
	}}
}

// Select is Go's select without stopping the caller's loop: it waits until one
// of the cases can go on, carries it out and returns its index; of several one
// is chosen at random. A cancel returns a [*CancelledError], and no case was
// carried out then; the index is -1. A nil channel is never chosen; without
// any case Select waits for a cancel. As for closed channels and virtual time,
// see [Send] and [Recv].
//
// There is no default case: a select with one does not wait, and Go's own does
// not stop the loop.
func Select(ctx context.Context, cases ...SelectCase) (index int, err error) {
	s := selecting{cases: make([]reflect.SelectCase, len(cases), len(cases)+1)}
	for i, c := range cases {
		s.cases[i] = c.of
	}
	if !s.choose(reflect.SelectCase{Dir: reflect.SelectDefault}) {
		err = offload(ctx, func(stop <-chan struct{}) (done bool) {
			return s.choose(reflect.SelectCase{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(stop)})
		})
		if err != nil {
			return -1, err
		}
	}
	if set := cases[s.chosen].set; set != nil {
		set(s.v, s.ok)
	}
	return s.chosen, nil
}

// selecting is a select and what came of it. The caller's variables are set by
// the caller itself, and not on another goroutine.
type selecting struct {
	cases  []reflect.SelectCase
	chosen int
	v      reflect.Value
	ok     bool
}

// choose selects among the cases and one more, and reports whether it was one
// of the cases.
func (s *selecting) choose(last reflect.SelectCase) bool {
	s.chosen, s.v, s.ok = reflect.Select(append(s.cases, last))
	return s.chosen < len(s.cases)
}
