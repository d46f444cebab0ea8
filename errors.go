package aio

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goaio/aio/loop"
)

// CancelledError is what an await returns that a cancel has interrupted. It
// says who cancelled and why; errors.Is finds context.Canceled in it, or
// context.DeadlineExceeded when a deadline made the cancel, and the cause.
type CancelledError = loop.CancelledError

// PanicError is a panic that was recovered and is handed on as an error, with
// the stack of its origin: by a task to its awaiter, by a job to whoever waits
// for it.
type PanicError = loop.PanicError

// DeadlockError says that tasks wait for each other in a circle, or that
// nothing is left that could wake those that wait.
type DeadlockError = loop.DeadlockError

var (
	// ErrInvalidState says that a future was completed twice, or asked for its
	// result before it has one.
	ErrInvalidState = loop.ErrInvalidState
	// ErrClosed says that the loop was closed.
	ErrClosed = loop.ErrClosed
	// ErrAwaitInCallback says that a callback of a loop tried to wait.
	ErrAwaitInCallback = loop.ErrAwaitInCallback
	// ErrGoexit says that a task called runtime.Goexit.
	ErrGoexit = loop.ErrGoexit
	// ErrInterrupted is the cause of the cancel when the process was
	// interrupted from the keyboard, and what Run returns then.
	ErrInterrupted = errors.New("aio: interrupted")
	// ErrGroupDone says that a task was started in a group that has ended, or
	// that is ending after a failure.
	ErrGroupDone = errors.New("aio: the group takes no more tasks")
)

// GroupError is what a [Group] returns when tasks of it, or its own function,
// failed: all the errors, in the order in which they came. errors.Is and
// errors.As look into each of them.
type GroupError struct{ Errors []error }

func (e *GroupError) Error() string {
	if len(e.Errors) == 1 {
		return e.Errors[0].Error()
	}
	texts := make([]string, len(e.Errors))
	for i, err := range e.Errors {
		texts[i] = err.Error()
	}
	return fmt.Sprintf("%d tasks failed: %s", len(e.Errors), strings.Join(texts, "; "))
}

// Unwrap returns the errors.
func (e *GroupError) Unwrap() []error { return e.Errors }

// IsCancelled reports whether err is a cancel: a [*CancelledError], possibly
// wrapped, but not one among several joined errors, and not a context.Canceled
// that came from elsewhere.
func IsCancelled(err error) bool { return loop.IsCancelled(err) }
