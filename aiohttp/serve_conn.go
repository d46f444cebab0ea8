//go:build unix && !aix

package aiohttp

import (
	"context"
	"errors"
	"io"
	"net"
	"syscall"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aionet"
)

// ServeConn serves one connection until it ends, ctx is cancelled or the server
// is shut down, and closes it: for what no listener has accepted, such as an end
// of [aionet.SocketPair] or a connection in memory. It runs in the caller's task,
// which handlers that are marked with [OnLoop] are called in, and waits for each
// request there. The server's timeouts hold, on the clock of the caller's loop;
// how many connections it may have does not concern it. Shutdown does not wait for
// it: it ends with the response that is under way.
//
// If c has a method OnHangUp(func()), the function that it is given is to be
// called on the loop when the peer sends no more: that cancels the request's
// context.
func (s *Server) ServeConn(ctx context.Context, c interface {
	net.Conn
	ReadContext(ctx context.Context, p []byte) (int, error)
	WriteContext(ctx context.Context, p []byte) (int, error)
	WaitReadable(ctx context.Context) error
	CloseWrite() error
}) error {
	s.prepare()
	handler := s.accepted(c, nil)
	finishing := handler.(aionet.Finisher).Finishing
	if tells, is := c.(interface{ OnHangUp(func()) }); is {
		tells.OnHangUp(handler.HungUp)
	}
	detached := false
	defer func() {
		handler.Closed()
		if !detached {
			_ = c.Close()
		}
	}()
	for !s.stopping() || finishing() {
		if err := waitFor(ctx, c.WaitReadable, handler.(aionet.IdleLimiter).IdleLimit()); err != nil {
			return ending(err)
		}
		switch err := handler.Event(ctx); {
		case err == aionet.ErrDetach:
			detached = true
			return nil
		case err != nil:
			return ending(err)
		}
	}
	return ErrServerClosed
}

// waitFor waits for the next request, or what else comes, for a limited time. A
// limit of 0 is none. The end of the time is that of the connection.
func waitFor(ctx context.Context, wait func(context.Context) error, limit time.Duration) error {
	if limit <= 0 {
		return wait(ctx)
	}
	err := aio.Timeout(ctx, limit, wait)
	var over *aio.TimeoutError
	if errors.As(err, &over) {
		return net.ErrClosed
	}
	return err
}

// ending is the error of a connection that has ended, nil for how they do.
func ending(err error) error {
	if aio.IsCancelled(err) {
		return err
	}
	for _, ordinary := range []error{io.EOF, net.ErrClosed, syscall.EPIPE, syscall.ECONNRESET} {
		if errors.Is(err, ordinary) {
			return nil
		}
	}
	return err
}
