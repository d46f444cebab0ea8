package aio

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/goaio/aio/loop"
)

// TimeoutError is what [Timeout] and [Cleanup] return when their time was up.
// errors.Is finds context.DeadlineExceeded in it, and its Timeout method is
// that of net.Error.
type TimeoutError struct{ After time.Duration }

func (e *TimeoutError) Error() string { return fmt.Sprintf("timed out after %v", e.After) }

// Is holds for context.DeadlineExceeded.
func (e *TimeoutError) Is(target error) bool { return target == context.DeadlineExceeded }

// Timeout returns true.
func (e *TimeoutError) Timeout() bool { return true }

// Temporary returns true, as the standard library's timeouts do.
func (e *TimeoutError) Temporary() bool { return true }

// Timeout runs fn and cancels it when d has passed on the loop's clock; with d
// zero or less, in the next round. If fn then ends with that cancel, Timeout
// returns a [*TimeoutError]; any other outcome of fn stands. A cancel that came
// from outside as well wins over the timeout.
//
// It is a scope: calls without a context, such as a read of a connection, are
// cancelled too. It is asyncio's timeout. In a plain goroutine it is
// context.WithTimeout.
func Timeout(ctx context.Context, d time.Duration, fn func(ctx context.Context) error) error {
	return within(ctx, d, fn, loop.Enter)
}

// Cleanup runs fn on a context that is live although the task was cancelled,
// for at most grace: what a function does that must say goodbye. A cancel that
// comes meanwhile does not reach fn; the deadline of a Timeout around it that
// has not passed does. It returns what fn returns, a [*TimeoutError] when the
// grace was over.
func Cleanup(ctx context.Context, grace time.Duration, fn func(ctx context.Context) error) error {
	return within(context.WithoutCancel(ctx), grace, fn, func(context.Context) *loop.Scope { return loop.EnterShielded(ctx) })
}

func within(ctx context.Context, d time.Duration, fn func(context.Context) error, enter func(context.Context) *loop.Scope) (err error) {
	s := enter(ctx)
	if s == nil {
		return withinOnGoroutine(ctx, d, fn)
	}
	t := s.Task()
	requests := t.Cancelling()
	s.SetDeadline(t.Loop().Now().Add(d))
	returned := false
	defer func() {
		told := s.Told()
		expired := s.Exit()
		if expired && t.Uncancel()+told <= requests && returned && s.Cancels(err) {
			err = &TimeoutError{After: d}
		}
	}()
	err = fn(s)
	returned = true
	return err
}

func withinOnGoroutine(ctx context.Context, d time.Duration, fn func(context.Context) error) error {
	inner, cancel := WithTimeout(ctx, d)
	defer cancel()
	err := fn(inner)
	if ctx.Err() == nil && inner.Err() == context.DeadlineExceeded && (IsCancelled(err) || errors.Is(err, context.DeadlineExceeded)) {
		return &TimeoutError{After: d}
	}
	return err
}

// WithTimeout is context.WithTimeout on the clock of the loop: the caller's, or
// the one that ctx belongs to. It does not tell calls without a context; see
// [Timeout].
func WithTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	l := loopOf(ctx)
	if l == nil {
		return context.WithTimeout(ctx, d)
	}
	return loop.NewDeadline(ctx, l, l.Now().Add(d))
}

// Deadline is a context that is cancelled at a time which can be moved.
type Deadline = loop.Deadline

// WithDeadline is context.WithDeadline on the clock of the loop, with a
// deadline that [Deadline.Reschedule] moves. It panics without a loop: a plain
// goroutine with a context of no loop has context.WithDeadline.
func WithDeadline(ctx context.Context, when time.Time) (*Deadline, context.CancelFunc) {
	l := loopOf(ctx)
	if l == nil {
		panic("aio: WithDeadline needs a loop; use context.WithDeadline")
	}
	return loop.NewDeadline(ctx, l, when)
}

// loopOf is the caller's loop, else that of ctx, else nil.
func loopOf(ctx context.Context) *loop.Loop {
	if l := loop.Current(); l != nil {
		return l
	}
	return loop.Of(ctx)
}
