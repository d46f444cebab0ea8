//go:build unix && !aix

package aionet

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"golang.org/x/sys/unix"

	"github.com/goaio/aio"
	"github.com/goaio/aio/loop"
)

// enlist makes l one of those that Shutdown closes; it reports false if that has
// been called already.
func (s *Server) enlist(l *Listener) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopping {
		return false
	}
	s.listeners[l] = struct{}{}
	return true
}

func (s *Server) delist(l *Listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.listeners, l)
}

func (s *Server) isStopping() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stopping
}

// accept hands the connections of l to the reactors that choose names.
func (s *Server) accept(ctx context.Context, l *Listener, choose func() *reactor) error {
	var shortage shortage
	for {
		if s.slots != nil {
			if err := s.slots.Acquire(ctx); err != nil {
				return err
			}
		}
		var c Conn
		if err := l.acceptInto(ctx, &c); err != nil {
			s.leave()
			if !isShortage(err) {
				return l.wrap("accept", err)
			}
			if err := aio.Sleep(ctx, shortage.wait(err, l)); err != nil {
				return err
			}
			continue
		}
		shortage = 0
		s.hand(arrival{c.fd, c.network, c.remote}, choose())
	}
}

// hand gives a connection to a reactor.
func (s *Server) hand(a arrival, r *reactor) {
	s.mu.Lock()
	stopping := s.stopping
	if !stopping {
		r.open.Add(1) // so that the loop does not end before it has come
	}
	s.mu.Unlock()
	switch {
	case stopping:
		unix.Close(a.fd)
		s.leave()
	case r.loop == loop.Current():
		r.adopt(a)
	default:
		r.loop.CallSoon(func() { r.adopt(a) })
	}
}

// leave gives a slot back.
func (s *Server) leave() {
	if s.slots != nil {
		s.slots.Release()
	}
}

// choose takes the loops in turn, or the one with the fewest connections.
func (s *Server) choose() *reactor {
	first := s.reactors[s.turn.Add(1)%uint32(len(s.reactors))]
	if !s.options.least {
		return first
	}
	least := first
	for _, r := range s.reactors {
		if r.open.Load() < least.open.Load() {
			least = r
		}
	}
	return least
}

// shortage is how long a listener has waited last because descriptors or memory
// had run out; zero when all is well.
type shortage time.Duration

// A connection that ends may be what is waited for, so the waits stay short.
const (
	firstShortage = 5 * time.Millisecond
	lastShortage  = 200 * time.Millisecond
)

// wait returns how long to wait now, and says once why.
func (s *shortage) wait(err error, l *Listener) time.Duration {
	if *s == 0 {
		slog.Warn("aionet: cannot accept connections for now, and goes on trying", "error", err, "listener", l.Addr())
	}
	*s = shortage(min(max(firstShortage, 2*time.Duration(*s)), lastShortage))
	return time.Duration(*s)
}

func isShortage(err error) bool {
	return errors.Is(err, unix.EMFILE) || errors.Is(err, unix.ENFILE) || errors.Is(err, unix.ENOBUFS) || errors.Is(err, unix.ENOMEM)
}
