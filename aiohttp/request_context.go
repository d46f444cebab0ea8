//go:build unix && !aix

package aiohttp

import (
	"context"
	"net/http"
	"sync"

	"github.com/goaio/aio"
)

// exchangeKey finds the exchange in a request's context.
type exchangeKey struct{}

// requestContext is the context of a request: the handler's task or job, with
// net/http's values, and those of the connection's context. For a job it ends by
// itself, when the client leaves; only a handler that asks for Done, or derives
// a context, makes it pay for one of package context.
type requestContext struct {
	context.Context // of the task's scope or of the job
	exchange        *exchange
	job             *jobContext // nil for a task's
}

// jobContext is how a job's context ends.
type jobContext struct {
	mu       sync.Mutex
	cause    error               // why it has ended; nil if it has not
	started  *aio.Task[struct{}] // the job's handler that runs on the loop; nil for none
	standard *standardContext    // once somebody needs it
}

// standardContext is one of package context.
type standardContext struct {
	context.Context
	cancel context.CancelCauseFunc
}

// begin is called by the job, before its handler.
func (c *requestContext) begin(job context.Context) {
	c.job.mu.Lock()
	defer c.job.mu.Unlock()
	c.Context = job
}

// end ends a job's context. Only the first end counts.
func (c *requestContext) end(cause error) {
	j := c.job
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.cause != nil {
		return
	}
	j.cause = cause
	if j.started != nil {
		j.started.Cancel(cause)
	}
	if j.standard != nil {
		j.standard.cancel(cause)
	}
}

// endsWith has a handler that a job has started on the loop end with the context:
// awaits that take no context too.
func (c *requestContext) endsWith(started *aio.Task[struct{}]) {
	j := c.job
	if j == nil { // a goroutine of a handler that is on the loop itself
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.started = started; j.cause != nil {
		started.Cancel(j.cause)
	}
}

// attachable is what package context can attach derived contexts to.
func (c *requestContext) attachable() context.Context {
	j := c.job
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.standard == nil {
		std, cancel := context.WithCancelCause(c.Context)
		j.standard = &standardContext{std, cancel}
		if j.cause != nil {
			cancel(j.cause)
		}
	}
	return j.standard.Context
}

// Done is closed when the context has ended.
func (c *requestContext) Done() <-chan struct{} {
	if c.job != nil {
		return c.attachable().Done()
	}
	return c.Context.Done()
}

// Err says how it has ended.
func (c *requestContext) Err() error {
	if j := c.job; j != nil {
		j.mu.Lock()
		defer j.mu.Unlock()
		if j.cause != nil {
			return context.Canceled
		}
	}
	return c.Context.Err()
}

// Value returns what is known under the key.
func (c *requestContext) Value(key any) any {
	switch key {
	case http.ServerContextKey:
		return c.exchange.connection.server.standard
	case http.LocalAddrContextKey:
		return c.exchange.connection.conn.LocalAddr()
	case exchangeKey{}:
		return c.exchange
	}
	if _, standard := key.(*int); standard && c.job != nil {
		// Package context looks for what it can attach a derived context to by an
		// unexported key of this type.
		if value := c.attachable().Value(key); value != nil {
			return value
		}
	}
	// The task's own come first: they say where an await stands.
	values := c.exchange.connection.values
	if value := c.Context.Value(key); value != nil || values == nil {
		return value
	}
	return values.Value(key)
}
