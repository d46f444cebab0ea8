//go:build unix && !aix

package aiohttp

import (
	"context"
	"errors"
	"net"
	"os"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/loop"
)

// foreignConn is a connection of another package, whose calls block. In a task
// they are made on the thread pool. A cancel closes the connection.
type foreignConn struct{ net.Conn }

func (c *foreignConn) ReadContext(ctx context.Context, p []byte) (int, error) {
	if loop.CurrentTask() == nil {
		return c.ending(ctx, func() (int, error) { return c.Read(p) })
	}
	// A call that was cancelled may still read, so not into the caller's memory.
	memory := make([]byte, len(p))
	n, err := c.blocking(ctx, func() (int, error) { return c.Read(memory) })
	return copy(p, memory[:n]), err
}

func (c *foreignConn) WriteContext(ctx context.Context, p []byte) (int, error) {
	if loop.CurrentTask() == nil {
		return c.ending(ctx, func() (int, error) { return c.Write(p) })
	}
	memory := append([]byte(nil), p...)
	return c.blocking(ctx, func() (int, error) { return c.Write(memory) })
}

// limited calls fn, which reads, for a limited time, and reports whether that has
// passed. The connection lives on, which a cancel would close.
func (c *foreignConn) limited(d time.Duration, fn func() error) (over bool, err error) {
	if err := c.SetReadDeadline(time.Now().Add(d)); err != nil {
		return false, err
	}
	err = fn()
	over = errors.Is(err, os.ErrDeadlineExceeded)
	if again := c.SetReadDeadline(time.Time{}); again != nil && err == nil {
		err = again
	}
	return over, err
}

func (c *foreignConn) blocking(ctx context.Context, fn func() (int, error)) (n int, err error) {
	type result struct {
		n   int
		err error
	}
	r, err := aio.Blocking(ctx, func(context.Context) (result, error) {
		n, err := fn()
		return result{n, err}, nil
	})
	if err != nil {
		_ = c.Close()
		return 0, err
	}
	return r.n, r.err
}

func (c *foreignConn) ending(ctx context.Context, fn func() (int, error)) (int, error) {
	if ctx == nil {
		ctx = context.Background()
	}
	stop := context.AfterFunc(ctx, func() { _ = c.Close() })
	n, err := fn()
	if !stop() && err != nil {
		err = loop.CancelledBy(ctx, context.Cause(ctx))
	}
	return n, err
}
