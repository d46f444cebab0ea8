package aio

import (
	"context"
	"errors"
	"time"

	"github.com/goaio/aio/loop"
)

// Awaitable is what [Wait] and [AsCompleted] take: tasks and futures.
type Awaitable = loop.Awaitable

// When says when [Wait] returns.
type When uint8

const (
	// AllCompleted waits for all.
	AllCompleted When = iota
	// FirstCompleted waits for the first.
	FirstCompleted
	// FirstException waits for the first that fails, else for all.
	FirstException
)

// NoTimeout is the timeout of a [Wait] without one.
const NoTimeout time.Duration = -1

// ErrNothingToWait is what [Wait] returns when it is given nothing.
var ErrNothingToWait = errors.New("aio: Wait needs at least one task or future")

// Wait waits for tasks and futures until when says enough, or until the timeout
// has passed, which is no error, and tells which are complete, each in the
// order given. It cancels none of them. A cancel of ctx ends the wait with a
// [*CancelledError] and leaves them all alone.
func Wait[A Awaitable](ctx context.Context, when When, timeout time.Duration, awaitables ...A) (done, pending []A, err error) {
	if len(awaitables) == 0 {
		return nil, nil, ErrNothingToWait
	}
	if err := waitFor(ctx, when, timeout, distinct(awaitables)); err != nil {
		return nil, nil, err
	}
	for _, a := range awaitables {
		if a.Completed() {
			done = append(done, a)
		} else {
			pending = append(pending, a)
		}
	}
	return done, pending, nil
}

func waitFor[A Awaitable](ctx context.Context, when When, timeout time.Duration, awaitables []A) error {
	awaited := awaitTasks(awaitables)
	defer awaited.release()
	w, err := loop.NewWaiterFor(ctx, awaitedWait.Of(awaited), awaited)
	if err != nil {
		return err
	}
	g := gate{w: w}
	defer g.close()
	if timeout >= 0 {
		defer after(ctx, timeout, g.open)()
	}
	left := counter{n: len(awaitables)}
	removes := make([]func() bool, len(awaitables))
	for i, a := range awaitables {
		removes[i] = a.AddDoneCallback(func() {
			last := left.down()
			if last || when == FirstCompleted || when == FirstException && !a.Cancelled() && a.Err() != nil {
				g.open()
			}
		})
	}
	err = w.Wait(ctx)
	for _, remove := range removes {
		remove()
	}
	return err
}

// after calls fn when d has passed: on the caller's loop, else on that of ctx,
// else on the system's clock.
func after(ctx context.Context, d time.Duration, fn func()) (stop func()) {
	l := loop.Current()
	if l == nil {
		l = loop.Of(ctx)
	}
	if l != nil {
		return l.CallLater(d, fn).Cancel
	}
	t := time.AfterFunc(d, fn)
	return func() { t.Stop() }
}

// distinct keeps the first of each.
func distinct[A Awaitable](awaitables []A) []A {
	seen := make(map[Awaitable]bool, len(awaitables))
	kept := make([]A, 0, len(awaitables))
	for _, a := range awaitables {
		if !seen[a] {
			seen[a] = true
			kept = append(kept, a)
		}
	}
	return kept
}
