package aio

import (
	"context"
	"reflect"

	"github.com/goaio/aio/loop"
)

// Recv receives from a Go channel without stopping the caller's loop: a task is
// suspended until there is a value; in a plain goroutine it is a select with
// ctx. ok is false when the channel is closed and empty. A cancel returns a
// [*CancelledError], and nothing was received then.
//
// Under virtual time a receive does not hold the clock, for the sender may be
// a task that sleeps.
func Recv[T any](ctx context.Context, ch <-chan T) (v T, ok bool, err error) {
	select {
	case v, ok = <-ch:
		return v, ok, nil
	default:
	}
	err = offload(ctx, func(stop <-chan struct{}) (done bool) {
		select {
		case v, ok = <-ch:
			return true
		case <-stop:
			return false
		}
	})
	return v, ok, err
}

// Send sends to a Go channel without stopping the caller's loop: a task is
// suspended until the value is taken; in a plain goroutine it is a select with
// ctx. A cancel returns a [*CancelledError], and nothing was sent then. Sending
// to a closed channel panics, as everywhere.
func Send[T any](ctx context.Context, ch chan<- T, v T) error {
	select {
	case ch <- v:
		return nil
	default:
	}
	return offload(ctx, func(stop <-chan struct{}) (done bool) {
		select {
		case ch <- v:
			return true
		case <-stop:
			return false
		}
	})
}

// SelectCase is one case of a [Select]; see [RecvCase] and [SendCase].
type SelectCase struct {
	cases  reflect.SelectCase
	choose func(v reflect.Value, ok bool)
}

// RecvCase receives from ch into v and ok, either of which may be nil.
func RecvCase[T any](ch <-chan T, v *T, ok *bool) SelectCase {
	return SelectCase{
		cases: reflect.SelectCase{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(ch)},
		choose: func(got reflect.Value, open bool) {
			if v != nil {
				*v = got.Interface().(T)
			}
			if ok != nil {
				*ok = open
			}
		},
	}
}

// SendCase sends v to ch.
func SendCase[T any](ch chan<- T, v T) SelectCase {
	return SelectCase{cases: reflect.SelectCase{
		Dir: reflect.SelectSend, Chan: reflect.ValueOf(ch), Send: reflect.ValueOf(&v).Elem(),
	}}
}

// Select is Go's select without stopping the caller's loop: it waits until one
// of the cases can go on, carries it out and returns its index; of several one
// is chosen at random. A cancel returns a [*CancelledError], and no case was
// carried out then.
func Select(ctx context.Context, cases ...SelectCase) (index int, err error) {
	all := make([]reflect.SelectCase, len(cases), len(cases)+1)
	for i, c := range cases {
		all[i] = c.cases
	}
	choose := func(last reflect.SelectCase) (done bool) {
		chosen, v, ok := reflect.Select(append(all, last))
		if chosen == len(cases) {
			return false
		}
		if index = chosen; cases[chosen].choose != nil {
			cases[chosen].choose(v, ok)
		}
		return true
	}
	if choose(reflect.SelectCase{Dir: reflect.SelectDefault}) {
		return index, nil
	}
	err = offload(ctx, func(stop <-chan struct{}) (done bool) {
		return choose(reflect.SelectCase{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(stop)})
	})
	return index, err
}

// offload runs fn, which blocks until something is done or stop is closed, and
// awaits it: on a goroutine of its own if the caller is a task. After a cancel
// fn is stopped; if it was done nevertheless that wins.
func offload(ctx context.Context, fn func(stop <-chan struct{}) (done bool)) error {
	if loop.CurrentTask() == nil {
		if loop.Current() != nil {
			return ErrAwaitInCallback
		}
		if !fn(ctx.Done()) {
			return loop.CancelledBy(ctx, context.Cause(ctx))
		}
		return nil
	}
	w, err := loop.NewWaiter(ctx)
	if err != nil {
		return err
	}
	o := &offloaded{gate: gate{w: w}}
	stop := make(chan struct{})
	stopped := false
	defer func() {
		if !stopped { // the task is unwound
			close(stop)
		}
	}()
	go o.run(fn, stop)
	err = w.Wait(ctx)
	o.gate.close()
	close(stop)
	stopped = true
	for err != nil && !o.over() {
		// fn ends at once now that it is told to, but no task may block for it.
		if w, again := loop.NewWaiter(ctx); again == nil && o.await(w) {
			_ = w.WaitShielded()
			o.gate.close()
		}
	}
	if o.panicked != nil {
		panic(o.panicked)
	}
	if o.done {
		return nil
	}
	return err
}

// offloaded is a blocking operation on a goroutine, for a task.
type offloaded struct {
	gate     gate
	ended    bool
	done     bool
	panicked *PanicError
}

func (o *offloaded) run(fn func(<-chan struct{}) bool, stop <-chan struct{}) {
	defer func() {
		if value := recover(); value != nil {
			o.panicked = loop.NewPanicError(value)
		}
		o.gate.mu.Lock()
		o.ended = true
		if o.gate.w != nil {
			o.gate.w.Wake()
		}
		o.gate.mu.Unlock()
	}()
	o.done = fn(stop)
}

func (o *offloaded) over() bool {
	o.gate.mu.Lock()
	defer o.gate.mu.Unlock()
	return o.ended
}

// await registers another waiter, and reports false if there is nothing to
// wait for any more.
func (o *offloaded) await(w *loop.Waiter) bool {
	o.gate.mu.Lock()
	defer o.gate.mu.Unlock()
	if o.ended {
		return false
	}
	o.gate.w = w
	return true
}
