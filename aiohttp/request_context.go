//go:build unix && !aix

package aiohttp

import (
	"context"
	"net/http"
	"sync"
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
	values          context.Context // nil for none
	own             bool            // it is a job's

	mu     sync.Mutex
	std    context.Context
	cancel context.CancelCauseFunc
	err    error // it has ended
	cause  error
}

// begin is called by the job, before its handler.
func (c *requestContext) begin(job context.Context) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.Context = job
}

// end ends a job's context. Only the first end counts.
func (c *requestContext) end(cause error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return
	}
	c.err, c.cause = context.Canceled, cause
	if c.cancel != nil {
		c.cancel(cause)
	}
}

func (c *requestContext) standard() context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.std == nil {
		c.std, c.cancel = context.WithCancelCause(c.Context)
		if c.err != nil {
			c.cancel(c.cause)
		}
	}
	return c.std
}

// Done is closed when the context has ended.
func (c *requestContext) Done() <-chan struct{} {
	if c.own {
		return c.standard().Done()
	}
	return c.Context.Done()
}

// Err says how it has ended.
func (c *requestContext) Err() error {
	if c.own {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.err != nil {
			return c.err
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
	if _, standard := key.(*int); standard && c.own {
		// Package context looks for what it can attach a derived context to by an
		// unexported key of this type.
		if value := c.standard().Value(key); value != nil {
			return value
		}
	}
	// The task's own come first: they say where an await stands.
	if value := c.Context.Value(key); value != nil || c.values == nil {
		return value
	}
	return c.values.Value(key)
}
