package executor

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/loop"
)

// An Invocation is one call as an [Executor] sees it: a function's name, an
// input and a place for the outcome. Its methods are safe from any goroutine.
type Invocation struct {
	settings settings
	function *registration
	caller   context.Context
	done     loop.Future
	body     body
	// awaited says that the caller itself waits, and nobody else.
	awaited bool
	// assist, if not nil, has the waiting goroutine do something towards the end.
	assist func()

	mu       sync.Mutex
	ended    bool
	stop     func(cause error) // the executor's
	stopped  bool
	cause    error // of the cancel
	progress progress
}

// body is the part of an invocation that knows its types.
type body interface {
	input() ([]byte, error)
	// output stores an encoded result.
	output(data []byte) error
	// call runs the function here.
	run(ctx context.Context) error
	// complete is called when the invocation has ended.
	complete(err error)
}

// Function returns the name of the function.
func (v *Invocation) Function() string { return v.function.name }

// Context returns the caller's context. Its cancel reaches the executor through
// [Invocation.OnCancel].
func (v *Invocation) Context() context.Context { return v.caller }

// Priority returns the number that [Priority] set.
func (v *Invocation) Priority() int { return v.settings.priority }

// Timeout returns the bound of the function's running time, 0 for none.
func (v *Invocation) Timeout() time.Duration { return v.settings.timeout }

// Label returns the name of the input, "" for none.
func (v *Invocation) Label() string { return v.settings.label }

// NoWait reports whether the call is to be refused, with [aio.ErrQueueFull],
// rather than wait for a place.
func (v *Invocation) NoWait() bool { return v.settings.noWait }

// Input returns the input, encoded. The caller's own bytes are among them.
func (v *Invocation) Input() ([]byte, error) { return v.body.input() }

// Invoke runs the function in this process, with that context and within the
// call's timeout, and ends the invocation with what it returns. A panic is
// recovered.
func (v *Invocation) Invoke(ctx context.Context) {
	returned := false
	defer func() {
		if returned {
			return
		}
		if value := recover(); value != nil {
			v.Fail(loop.NewPanicError(value))
		} else {
			v.Fail(aio.ErrGoexit)
		}
	}()
	_, err := withinTimeout(ctx, v.settings.timeout, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, v.body.run(ctx)
	})
	returned = true
	v.end(err)
}

// Succeed ends the invocation with an encoded result.
func (v *Invocation) Succeed(output []byte) {
	v.mu.Lock()
	ended := v.ended
	v.mu.Unlock()
	if ended {
		return
	}
	v.end(v.body.output(output))
}

// Fail ends the invocation with an error.
func (v *Invocation) Fail(err error) { v.end(err) }

// OnCancel sets what is called, on any goroutine, when the caller cancels the
// call. The executor then ends it soon.
func (v *Invocation) OnCancel(stop func(cause error)) {
	v.mu.Lock()
	v.stop = stop
	due := v.stopped && !v.ended
	cause := v.cause
	v.mu.Unlock()
	if due {
		stop(cause)
	}
}

// cancel asks the executor to end the call, and reports whether it was still
// running.
func (v *Invocation) cancel(cause error) bool {
	v.mu.Lock()
	if v.ended || v.stopped {
		ended := v.ended
		v.mu.Unlock()
		return !ended
	}
	v.stopped, v.cause = true, cause
	stop := v.stop
	v.mu.Unlock()
	if stop != nil {
		stop(cause)
	}
	return true
}

// end publishes the outcome, once. The outcome of a call that was cancelled is
// the cancel.
func (v *Invocation) end(err error) {
	v.mu.Lock()
	if v.ended {
		v.mu.Unlock()
		return
	}
	v.ended = true
	if v.stopped {
		err = v.cancelled(v.cause)
	}
	v.progress.end()
	v.mu.Unlock()
	v.done.Complete(err, nil)
	v.body.complete(err)
}

// cancelled is the error of a call that was cancelled.
func (v *Invocation) cancelled(cause error) error {
	var cancelled *aio.CancelledError
	if errors.As(cause, &cancelled) {
		return cancelled
	}
	return loop.CancelledBy(v.caller, cause)
}
