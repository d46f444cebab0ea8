//go:build unix && !aix

package aionet

import (
	"context"
	"fmt"
	"net"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/goaio/aio"
)

// ListenReusePort is [Listen] with SO_REUSEPORT: several may listen on the
// address then, and the system distributes the connections among them. A server
// with the option [ReusePort] needs it. Only TCP has it.
func ListenReusePort(ctx context.Context, network, address string) (*Listener, error) {
	return listen(ctx, network, address, net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) (err error) {
		if controlErr := c.Control(func(fd uintptr) {
			err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
		}); controlErr != nil {
			return controlErr
		}
		return err
	}})
}

// acceptOnEach has each reactor accept for itself; the first takes l. When one
// fails, or ctx is cancelled, all stop.
func (s *Server) acceptOnEach(ctx context.Context, l *Listener, h Handler) error {
	listeners := []*Listener{l}
	defer func() {
		for _, l := range listeners {
			l.Close()
			s.delist(l)
		}
	}()
	for len(listeners) < len(s.reactors) {
		another, err := ListenReusePort(ctx, "tcp", l.Addr().String())
		if err != nil {
			return fmt.Errorf("aionet: a listener for each loop, next to one that ListenReusePort made: %w", err)
		}
		listeners = append(listeners, another)
		if !s.enlist(another) {
			return net.ErrClosed
		}
	}
	ends := aio.NewQueue[error](0)
	for i, r := range s.reactors {
		r.loop.CallSoon(func() {
			aio.Go(r.ctx, func(ctx context.Context) error {
				return ends.PutNoWait(s.accept(ctx, listeners[i], h, func() *reactor { return r }))
			})
		})
	}
	first, err := ends.Get(ctx)
	for _, l := range listeners {
		l.Close()
	}
	left := len(s.reactors)
	if err == nil {
		left--
	}
	for ; left > 0; left-- {
		if _, err := ends.Get(context.WithoutCancel(ctx)); err != nil {
			break
		}
	}
	if err != nil {
		return err
	}
	return first
}
