//go:build unix && !aix

package aionet

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/loop"
)

// Server serves the connections of listeners on one loop or several.
type Server struct {
	handler Handler
	options serverOptions

	mu        sync.Mutex
	listeners map[*Listener]struct{}
	reactors  []*reactor
	running   sync.WaitGroup
	next      int
	stopping  bool
	open      atomic.Int64
}

// ServerOption is a setting of [NewServer] and [Serve].
type ServerOption func(*serverOptions)

type serverOptions struct {
	loops int
	drain time.Duration
}

// Loops has the connections served by n loops, each on a goroutine of its own.
// Without it they are served on the loop of the task that calls Serve.
func Loops(n int) ServerOption { return func(o *serverOptions) { o.loops = n } }

// DrainTimeout is how long [Serve] lets connections finish after its context
// was cancelled; 5 seconds without it.
func DrainTimeout(d time.Duration) ServerOption { return func(o *serverOptions) { o.drain = d } }

// NewServer returns a server that handles connections with handler.
func NewServer(handler Handler, options ...ServerOption) *Server {
	s := &Server{handler: handler, options: serverOptions{drain: 5 * time.Second}, listeners: map[*Listener]struct{}{}}
	for _, option := range options {
		option(&s.options)
	}
	return s
}

// ErrServerClosed is what Serve returns after [Server.Shutdown].
var ErrServerClosed = errors.New("aionet: the server was shut down")

// Serve serves l with a new server until ctx is cancelled, then stops accepting,
// lets the connections finish for the [DrainTimeout], and returns.
func Serve(ctx context.Context, l *Listener, handler Handler, options ...ServerOption) error {
	s := NewServer(handler, options...)
	err := s.Serve(ctx, l)
	if errors.Is(err, ErrServerClosed) {
		return nil
	}
	// The caller has been cancelled, or the listener has failed.
	shutdown := s.Shutdown(context.WithoutCancel(ctx))
	if aio.IsCancelled(err) && shutdown == nil {
		return err
	}
	return errors.Join(err, shutdown)
}

// Serve accepts the connections of l and hands them to the server's loops until
// ctx is cancelled, [Server.Shutdown] is called ([ErrServerClosed]) or l fails.
// It closes l. Connections live on. It can be called for several listeners.
func (s *Server) Serve(ctx context.Context, l *Listener) error {
	defer l.Close()
	if err := s.begin(ctx, l); err != nil {
		return err
	}
	err := s.accept(ctx, l)
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.listeners, l)
	if s.stopping && errors.Is(err, net.ErrClosed) {
		return ErrServerClosed
	}
	return err
}

func (s *Server) accept(ctx context.Context, l *Listener) error {
	for {
		c := &served{}
		if err := l.acceptInto(ctx, &c.Conn); err != nil {
			return l.wrap("accept", err)
		}
		r := s.choose()
		if r == nil {
			c.close()
			return ErrServerClosed
		}
		if r.loop == loop.Current() {
			r.adopt(c)
		} else {
			r.loop.CallSoon(func() { r.adopt(c) })
		}
	}
}

// choose takes the loops in turn.
func (s *Server) choose() *reactor {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopping {
		return nil
	}
	r := s.reactors[s.next%len(s.reactors)]
	s.next++
	s.open.Add(1)
	return r
}

// left hears of the end of a connection.
func (s *Server) left(*reactor) { s.open.Add(-1) }

// begin starts the reactors with the first listener.
func (s *Server) begin(ctx context.Context, l *Listener) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopping {
		return ErrServerClosed
	}
	s.listeners[l] = struct{}{}
	if len(s.reactors) > 0 {
		return nil
	}
	here := loop.Current()
	if here != nil && s.options.loops <= 0 {
		r := &reactor{server: s, loop: here}
		s.running.Add(1)
		ready := &aio.Event{}
		aio.Go(aio.Detached(context.WithoutCancel(ctx)), func(ctx context.Context) error {
			defer s.running.Done()
			return r.run(ctx, ready.Set)
		})
		s.reactors = append(s.reactors, r)
		return ready.Wait(ctx)
	}
	for range max(1, s.options.loops) {
		r := &reactor{server: s}
		started := make(chan error, 1)
		s.running.Add(1)
		go func() {
			defer s.running.Done()
			err := aio.Run(context.WithoutCancel(ctx), func(ctx context.Context) error {
				return r.run(ctx, func() { started <- nil })
			}, aio.NoInterrupt())
			select {
			case started <- err:
			default:
			}
		}()
		if err := <-started; err != nil {
			return fmt.Errorf("aionet: start a loop: %w", err)
		}
		s.reactors = append(s.reactors, r)
	}
	return nil
}

// Shutdown stops accepting, closes connections that are idle, and waits until
// the others have ended or ctx is cancelled or the [DrainTimeout] has passed;
// then it cancels their handlers and closes them.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	s.stopping = true
	for l := range s.listeners {
		_ = l.Close()
	}
	reactors := s.reactors
	s.mu.Unlock()
	for _, r := range reactors {
		r.loop.CallSoon(func() {
			r.stop.Set()
			for c := r.conns.first; c != nil; {
				next := c.next
				s.handler.draining(r, c)
				c = next
			}
		})
	}
	return nil
}
