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
func (s *Server) accept(ctx context.Context, l *Listener, h Handler, choose func() *reactor) error {
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
			if err := aio.Sleep(ctx, shortage.wait(err, l, time.Now())); err != nil {
				return err
			}
			continue
		}
		shortage.waited = 0
		s.hand(arrival{c.fd, c.network, c.remote, h}, choose())
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

// shortage is what a listener remembers of a lack of descriptors or memory.
type shortage struct {
	waited time.Duration // the last wait; zero when all is well
	said   time.Time
}

// A connection that ends may be what is waited for, so the waits stay short.
const (
	firstShortage = 5 * time.Millisecond
	lastShortage  = 200 * time.Millisecond
	// A server that stands at the brink is short and well in turns.
	saidAgain = time.Minute
)

// wait returns how long to wait now. It says why, once a minute at most.
func (s *shortage) wait(err error, l *Listener, now time.Time) time.Duration {
	if s.said.IsZero() || now.Sub(s.said) >= saidAgain {
		s.said = now
		slog.Warn("aionet: cannot accept connections for now, and goes on trying", "error", err, "listener", l.Addr())
	}
	s.waited = min(max(firstShortage, 2*s.waited), lastShortage)
	return s.waited
}

func isShortage(err error) bool {
	return errors.Is(err, unix.EMFILE) || errors.Is(err, unix.ENFILE) || errors.Is(err, unix.ENOBUFS) || errors.Is(err, unix.ENOMEM)
}
