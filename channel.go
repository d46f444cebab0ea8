package aio

import (
	"context"

	"github.com/goaio/aio/loop"
)

// Recv receives from a Go channel without stopping the caller's loop: a task is
// suspended until there is a value; in a plain goroutine it is a select with
// ctx. ok is false when the channel is closed and empty. A cancel returns a
// [*CancelledError], and nothing was received then. Who receives first when
// several wait is the channel's business.
//
// Under virtual time a receive does not hold the clock, for the sender may be
// a task that sleeps. The loop does not see through a channel either: when
// nothing else is due it moves its clock, or reports a deadlock, although a
// value may be on its way. Use a [Queue] or a [Future] there, which it sees.
func Recv[T any](ctx context.Context, ch <-chan T) (v T, ok bool, err error) {
	select {
	case v, ok = <-ch:
		return v, ok, nil
	default:
		return waitToReceive(ctx, ch)
	}
}

// waitToReceive is apart so that only a receive that waits allocates.
func waitToReceive[T any](ctx context.Context, ch <-chan T) (v T, ok bool, err error) {
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

// offload runs fn, which blocks until something is done or stop is closed, and
// awaits it: on a goroutine of its own if the caller is a task. After a cancel
// fn is stopped; if it was done nevertheless that wins.
func offload(ctx context.Context, fn func(stop <-chan struct{}) (done bool)) error {
	if err := cancelledAlready(ctx); err != nil {
		return err
	}
	l := loop.Current()
	if l == nil {
		if !fn(ctx.Done()) {
			return loop.CancelledBy(ctx, context.Cause(ctx))
		}
		return nil
	}
	w, err := loop.NewWaiterFor(ctx, awaitedChannel, nil)
	if err != nil {
		return err
	}
	o := &offloaded{gate: gate{w: w}, stop: make(chan struct{})}
	// Deferred, for a task whose loop is closed is unwound from its await.
	defer o.leave()
	go o.run(fn)
	if err = w.Wait(ctx); err != nil {
		o.leave()
		// fn ends at once now that it is told to. Virtual time stands still
		// meanwhile, for nobody else may be left to wake the task.
		l.Hold()
		o.await(ctx)
		l.Release()
	}
	switch {
	case o.panicked != nil:
		panic(o.panicked)
	case o.done:
		return nil
	}
	return err
}

// offloaded is a blocking operation on a goroutine, for a task.
type offloaded struct {
	gate     gate // its mutex guards ended; the rest is the goroutine's until then
	stop     chan struct{}
	stopped  bool // the task's
	ended    bool
	done     bool
	panicked *PanicError
}

func (o *offloaded) run(fn func(<-chan struct{}) bool) {
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
	o.done = fn(o.stop)
}

// leave ends the wait, and the operation if that goes on.
func (o *offloaded) leave() {
	o.gate.close()
	if !o.stopped {
		o.stopped = true
		close(o.stop)
	}
}

// await waits until the operation has ended, whatever cancels come.
func (o *offloaded) await(ctx context.Context) {
	for {
		w, err := loop.NewWaiterFor(ctx, awaitedChannel, nil)
		if err != nil {
			panic(err) // a task can wait
		}
		o.gate.mu.Lock()
		if o.ended {
			o.gate.mu.Unlock()
			w.Discard()
			return
		}
		o.gate.w = w
		o.gate.mu.Unlock()
		_ = w.WaitShielded()
		o.gate.close()
	}
}
