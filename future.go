package aio

import (
	"context"

	"github.com/goaio/aio/loop"
)

// Future is a value that will be there: completed once, from any goroutine,
// and awaited by any number of tasks and goroutines, on whichever loops. Its
// zero value is pending and ready to use; do not copy it.
type Future[T any] struct {
	core  loop.Future
	value T
}

// NewFuture returns a pending future.
func NewFuture[T any]() *Future[T] { return &Future[T]{} }

// SetResult completes the future with a value. It returns [ErrInvalidState] if
// it is complete already. Safe from any goroutine.
func (f *Future[T]) SetResult(value T) error {
	return completed(f.core.Complete(nil, func() { f.value = value }))
}

// SetError completes the future with an error, which must not be nil. It
// returns [ErrInvalidState] if it is complete already. Safe from any goroutine.
func (f *Future[T]) SetError(err error) error {
	if err == nil {
		panic("aio: SetError(nil): use SetResult")
	}
	return completed(f.core.Complete(err, nil))
}

// Cancel completes the future with a [*CancelledError] of that cause, which
// may be nil, and reports whether it was pending. Safe from any goroutine.
func (f *Future[T]) Cancel(cause error) bool {
	return f.core.Complete(loop.NewCancelledError(cause), nil)
}

func completed(ok bool) error {
	if !ok {
		return ErrInvalidState
	}
	return nil
}

// Await waits until the future is complete and returns its value or error. A
// cancel of ctx ends the wait with a [*CancelledError] and leaves the future
// alone; of a complete future Await returns the outcome whatever ctx says.
func (f *Future[T]) Await(ctx context.Context) (value T, err error) {
	err, aborted := f.core.Wait(ctx)
	if !aborted {
		value = f.value
	}
	return value, err
}

// Result returns the value or the error without waiting, [ErrInvalidState] if
// the future is pending. Safe from any goroutine.
func (f *Future[T]) Result() (T, error) {
	err := f.core.Err()
	if err != nil {
		var zero T
		return zero, err
	}
	return f.value, nil
}

// Completed reports whether the future is complete: asyncio's done(). Safe
// from any goroutine.
func (f *Future[T]) Completed() bool { return f.core.Completed() }

// Cancelled reports whether the future was completed by a cancel. Safe from
// any goroutine.
func (f *Future[T]) Cancelled() bool { return f.core.Cancelled() }

// Err returns the error the future was completed with, nil for a value, and
// [ErrInvalidState] if it is pending. Safe from any goroutine.
func (f *Future[T]) Err() error { return f.core.Err() }

// Done returns a channel that is closed when the future is complete, for a
// select in a plain goroutine. Safe from any goroutine.
func (f *Future[T]) Done() <-chan struct{} { return f.core.Done() }

// AddDoneCallback has fn called once the future is complete: in the next round
// of the caller's loop, or, when the caller is on none, by whoever completes
// the future. remove takes it back and reports whether it was still to come.
func (f *Future[T]) AddDoneCallback(fn func()) (remove func() bool) {
	return f.core.AddDoneCallback(fn)
}
