package loop

import (
	"context"
	"errors"
	"fmt"
)

// CancelledError is what an await returns that was interrupted by a cancel.
// errors.Is finds context.Canceled in it, or context.DeadlineExceeded when a
// deadline made the cancel, and whatever the cause wraps.
type CancelledError struct {
	// Task is the name of the task that was cancelled, empty for a plain
	// goroutine.
	Task string
	// By is the name of the task that asked for the cancel, empty when it was
	// a timer, a context or a plain goroutine.
	By string
	// Cause says why; it may be nil.
	Cause error

	kind error
}

func (e *CancelledError) Error() string {
	text := "cancelled"
	if e.Task != "" {
		text = e.Task + " was cancelled"
	}
	if e.By != "" {
		text += " by " + e.By
	}
	if e.Cause != nil && e.Cause != e.kind {
		return fmt.Sprintf("%s: %v", text, e.Cause)
	}
	if e.kind == context.DeadlineExceeded {
		return text + ": deadline exceeded"
	}
	return text
}

// Is holds for context.Canceled, or context.DeadlineExceeded after a deadline.
func (e *CancelledError) Is(target error) bool {
	if e.kind == nil {
		return target == context.Canceled
	}
	return target == e.kind
}

// Unwrap returns the cause.
func (e *CancelledError) Unwrap() error { return e.Cause }

// NewCancelledError returns the error of a cancel with that cause.
func NewCancelledError(cause error) *CancelledError {
	return &CancelledError{Cause: cause, kind: context.Canceled}
}

// CancelledBy returns the error of an await with ctx that a cancel with that
// cause has interrupted.
func CancelledBy(ctx context.Context, cause error) *CancelledError {
	e := NewCancelledError(cause)
	if t := CurrentTask(); t != nil {
		e.Task = t.Name()
	}
	if ctx != nil && ctx.Err() != nil {
		e.kind = ctx.Err()
	}
	return e
}

// IsCancelled reports whether err is a cancel: a [*CancelledError], possibly
// wrapped, but not one among several joined errors.
func IsCancelled(err error) bool {
	for err != nil {
		if _, ok := err.(*CancelledError); ok {
			return true
		}
		err = errors.Unwrap(err)
	}
	return false
}

// Cancels reports whether err says that the scope was cancelled: a
// [*CancelledError], or the error of the scope's context, as code returns it
// that watched the context itself.
func (s *Scope) Cancels(err error) bool {
	if err == nil {
		return false
	}
	if IsCancelled(err) {
		return true
	}
	kind := s.Err()
	for ; err != nil && kind != nil; err = errors.Unwrap(err) {
		if err == kind {
			return true
		}
	}
	return false
}

// cancelledBy is the error of an await that ctx interrupted.
func cancelledBy(ctx context.Context) error {
	e := &CancelledError{Cause: context.Cause(ctx), kind: ctx.Err()}
	if e.Cause == e.kind {
		e.Cause = nil
	}
	return e
}

// Cancel asks the task to end: its context is cancelled with that cause (which
// may be nil) and the await it is suspended in is interrupted; one that has its
// result already keeps it, and the next await that would suspend is
// interrupted instead. A task that has not started yet still starts. Cancel
// reports whether the task was still running. Safe from any goroutine; the
// request reaches a task on another loop through that loop's ready queue.
func (t *Task) Cancel(cause error) bool {
	if t.Completed() {
		return false
	}
	by := ""
	if c := self(); c != nil && c.task != t {
		by = c.task.Name()
	}
	if t.scope.runsOn() == nil {
		t.scope.cancelNow(false, cause, by)
		return true
	}
	t.post(func() { t.cancelScope(&t.scope, false, cause, by) })
	return true
}

// post runs fn on the task's loop: at once if the caller is on it.
func (t *Task) post(fn func()) {
	if t.scope.loop.onLoop() {
		fn()
	} else {
		t.scope.loop.CallSoon(fn)
	}
}

// cancelScope counts a request and delivers it, as asyncio's Task.cancel does:
// to the await that the task is suspended in, else as a mark that the next
// await takes. The contexts of x and of all scopes inside it are cancelled.
func (t *Task) cancelScope(x *Scope, expired bool, cause error, by string) {
	if t.Completed() {
		return
	}
	t.requests++
	c := t.coroutine()
	if c == nil {
		x.cancelNow(expired, cause, by)
		t.mark = true
		return
	}
	for s := c.scope; s != nil; s = s.Outer() {
		if s.within(x, expired) {
			s.cancelNow(expired, cause, by)
		}
	}
	if c.waiter.awaiting {
		if !c.reached(x, expired) {
			return
		}
		if c.interrupt(&c.waiter, cause) {
			return
		}
	}
	t.mark = true
}

// reached reports whether a cancel of x, whose contexts are cancelled already,
// interrupts the current await.
func (c *coroutine) reached(x *Scope, expired bool) bool {
	if c.rare != nil && c.rare.watched != nil {
		return c.rare.watched.Err() != nil
	}
	return c.awaited != nil && c.awaited.within(x, expired)
}

// Cancelling returns the number of requests to cancel the task that nobody has
// taken back, as asyncio counts them. On the loop only.
func (t *Task) Cancelling() int {
	t.scope.loop.mustBeHere("Task.Cancelling")
	return int(t.requests)
}

// Uncancel takes one request back and returns how many are left; with none
// left a cancel that was not delivered yet is dropped. On the loop only.
func (t *Task) Uncancel() int {
	t.scope.loop.mustBeHere("Task.Uncancel")
	if t.requests > 0 {
		if t.requests--; t.requests == 0 {
			t.mark = false
		}
	}
	return int(t.requests)
}

// CancelPending reports whether a cancel was requested that no await has
// delivered yet. On the loop only.
func (t *Task) CancelPending() bool { return t.mark }

// CancelDelivered says that the task hears of a cancel by other means than its
// await, so that one that is pending is not delivered as well. On the loop
// only.
func (t *Task) CancelDelivered() { t.mark = false }

// UncancelTo is Uncancel for a scope that remembers the number of requests at
// its entry. It reports whether there are no more than that now; a cancel that
// was not delivered yet is dropped then.
func (t *Task) UncancelTo(count int) bool {
	if t.Uncancel() > count {
		return false
	}
	t.mark = false
	return true
}

// Recancel has the task's next await deliver a cancel that was requested
// before and gave way to an error.
func (t *Task) Recancel() { t.mark = true }
