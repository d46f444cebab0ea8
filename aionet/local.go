package aionet

import "github.com/goaio/aio/loop"

// Local is a value for each loop: what the handlers of one loop share, such as a
// cache, a set of rooms or counters. On its loop only one task or callback runs
// at a time, so it needs no lock as long as no await stands between a look and
// what follows from it.
type Local[T any] struct{ make func(*loop.Loop) T }

// NewLocal returns a Local whose value is made by make on each loop, when it is
// first asked for there.
func NewLocal[T any](make func(*loop.Loop) T) *Local[T] { return &Local[T]{make} }

// Get returns the value of the loop that the caller runs on. It panics in a
// plain goroutine, which has none.
func (v *Local[T]) Get() T {
	l := loop.Current()
	if l == nil {
		panic("aionet: a Local has values on loops only, and this is a plain goroutine")
	}
	if value, is := l.Value(v).(T); is {
		return value
	}
	value := v.make(l)
	l.SetValue(v, value)
	return value
}
