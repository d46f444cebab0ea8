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

// Server serves the connections of listeners on one loop or several. Its
// methods are safe from any goroutine.
type Server struct {
	handler Handler
	options serverOptions
	turn    atomic.Uint32
	slots   *aio.Semaphore // with MaxConnections: for those that may still come
	ended   aio.Event      // the server is stopping and no reactor is left

	starting  aio.Mutex // held while the reactors start
	mu        sync.Mutex
	listeners map[*Listener]struct{}
	reactors  []*reactor
	running   int // reactors that have not ended
	stopping  bool
	closed    bool // by Close
}

// NewServer returns a server that handles connections with handler.
func NewServer(handler Handler, options ...ServerOption) *Server {
	s := &Server{handler: handler, options: serverOptions{drain: 5 * time.Second}, listeners: map[*Listener]struct{}{}}
	for _, option := range options {
		option(&s.options)
	}
	if n := s.options.connections; n > 0 {
		s.slots = aio.NewSemaphore(n)
	}
	return s
}

// ErrServerClosed is what Serve returns after [Server.Shutdown] or [Server.Close],
// and the cause with which handlers are cancelled.
var ErrServerClosed = errors.New("aionet: the server was shut down")

// Serve serves l with a new server until ctx is cancelled. Then it shuts the
// server down, as [Server.Shutdown] does it, and returns the
// [*aio.CancelledError], or what the shutdown has to report.
func Serve(ctx context.Context, l *Listener, handler Handler, options ...ServerOption) error {
	s := NewServer(handler, options...)
	err := s.Serve(ctx, l)
	// In a cancelled task only a context that cannot end lets one wait.
	if report := s.Shutdown(context.WithoutCancel(ctx)); report != nil {
		return errors.Join(err, report)
	}
	return err
}

// Serve accepts the connections of l and hands them to the server's loops, until
// ctx is cancelled, the server is stopped ([ErrServerClosed]) or l fails.
// It closes l; connections live on. It can be called for several listeners, one
// after the other or at the same time, and from a plain goroutine.
//
// When descriptors have run out it waits a little, says so once in the log, and
// goes on.
func (s *Server) Serve(ctx context.Context, l *Listener) error {
	return s.ServeWith(ctx, l, s.handler)
}

// ServeWith is Serve for a listener whose connections another handler than the
// server's handles, on the same loops: TLS beside plain connections, say.
func (s *Server) ServeWith(ctx context.Context, l *Listener, h Handler) error {
	defer l.Close()
	if err := s.start(ctx); err != nil {
		return err
	}
	if !s.enlist(l) {
		return ErrServerClosed
	}
	defer s.delist(l)
	var err error
	if s.options.reusePort && len(s.reactors) > 1 {
		err = s.acceptOnEach(ctx, l, h)
	} else {
		err = s.accept(ctx, l, h, s.choose)
	}
	if errors.Is(err, net.ErrClosed) && s.isStopping() {
		return ErrServerClosed
	}
	return err
}

// start starts the reactors, once.
func (s *Server) start(ctx context.Context) error {
	if err := s.starting.Lock(ctx); err != nil {
		return err
	}
	defer s.starting.Unlock()
	if s.isStopping() {
		return ErrServerClosed
	}
	if len(s.reactors) > 0 {
		return nil
	}
	// Reactors end by Shutdown, not with whoever happened to start them.
	ctx = context.WithoutCancel(ctx)
	if loop.Current() != nil && s.options.loops <= 0 {
		r := s.newReactor()
		aio.Go(aio.Detached(ctx), r.run)
		return s.started(ctx, r)
	}
	for range max(1, s.options.loops) {
		r := s.newReactor()
		go func() { r.runEnded(aio.Run(ctx, r.run, aio.NoInterrupt())) }()
		if err := s.started(ctx, r); err != nil {
			return fmt.Errorf("aionet: start a loop: %w", err)
		}
	}
	return nil
}

func (s *Server) newReactor() *reactor {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running++
	r := &reactor{server: s}
	r.conns.first, r.conns.between = s.options.firstByte, s.options.idle/looks
	return r
}

func (s *Server) started(ctx context.Context, r *reactor) error {
	if err := r.ready.Wait(ctx); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.failed != nil {
		return r.failed
	}
	s.reactors = append(s.reactors, r)
	if s.closed {
		r.abort()
	}
	return nil
}

// reactorEnded hears of the end of each.
func (s *Server) reactorEnded() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running--; s.running == 0 {
		s.ended.Set()
	}
}
