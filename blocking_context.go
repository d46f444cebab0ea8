package aio

import (
	"context"
	"sync"
	"time"
)

// jobContext is the context of a function on an executor. It ends when the
// function's awaiter is cancelled, and stays so whatever becomes of the
// awaiter's own context, which a clean-up may bring back to life. It is not
// attached to that one, since the awaiter hears of its end anyway: so a job
// costs no standard context unless its function asks for Done, and leaves
// nothing attached to a task that lives long.
type jobContext struct {
	parent context.Context
	mu     sync.Mutex
	more   *jobContextState
}

// jobContextState is there once somebody needs it.
type jobContextState struct {
	err    error
	cause  error
	std    context.Context // ends with the job's; package context attaches to it
	cancel context.CancelCauseFunc
}

// state is called with the mutex held.
func (c *jobContext) state() *jobContextState {
	if c.more == nil {
		c.more = &jobContextState{}
	}
	return c.more
}

func (c *jobContext) end(err, cause error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.state()
	if s.err != nil {
		return
	}
	s.err, s.cause = err, cause
	if s.cancel != nil {
		// With the lock held, so that Done is closed when Err says so: what
		// package context calls in here it calls on goroutines of its own.
		s.cancel(cause)
	}
}

func (c *jobContext) standard() context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.state()
	if s.std == nil {
		s.std, s.cancel = context.WithCancelCause(context.Background())
		if s.err != nil {
			s.cancel(s.cause)
		}
	}
	return s.std
}

// Deadline returns that of the awaiter's context.
func (c *jobContext) Deadline() (time.Time, bool) { return c.parent.Deadline() }

// Done returns a channel that is closed when the awaiter was cancelled.
func (c *jobContext) Done() <-chan struct{} { return c.standard().Done() }

// Err returns context.DeadlineExceeded when a deadline of the awaiter's
// context cancelled it, context.Canceled after any other cancel.
func (c *jobContext) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.more == nil {
		return nil
	}
	return c.more.err
}

// Value returns what the awaiter's context has for key.
func (c *jobContext) Value(key any) any {
	if _, ok := key.(*int); ok {
		// Package context finds the context that it can attach a derived one to,
		// and the cause of its end, by an unexported key of this type.
		if value := c.standard().Value(key); value != nil {
			return value
		}
	}
	return c.parent.Value(key)
}
