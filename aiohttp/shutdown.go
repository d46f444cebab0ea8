//go:build unix && !aix

package aiohttp

import (
	"context"
	"errors"
	"sync"

	"github.com/goaio/aio"
)

// Shutdown stops the server: it closes the listeners and the idle connections,
// waits for the requests that are under way until ctx is cancelled or the
// DrainTimeout has passed, and cancels the rest. It returns an
// [*aionet.ShutdownError] if there was such a rest. At its end it calls
// OnCleanup. Hijacked connections are nobody's but their hijacker's; see
// [Server.RegisterOnShutdown].
func (s *Server) Shutdown(ctx context.Context) error {
	s.prepare()
	s.stops.Store(true)
	// A second one waits for the first, which has the report.
	if err := s.hooks.ending.Lock(ctx); err != nil {
		return err
	}
	defer s.hooks.ending.Unlock()
	drained := s.http2.drain()
	err := s.server.Shutdown(ctx)
	err = errors.Join(err, drained(ctx))
	if s.workers != nil {
		// A handler that runs still is in the report; nobody waits for it again.
		over, cancel := context.WithCancel(context.Background())
		cancel()
		_ = s.workers.Shutdown(over, true)
	}
	return errors.Join(err, s.hooks.clean(ctx, s.OnCleanup))
}

// RegisterOnShutdown has fn called, on a goroutine, when Shutdown begins: to tell
// those who hold hijacked connections, say. A handler can register one too, with
// the [http.Server] under [http.ServerContextKey]. Set the fields before.
func (s *Server) RegisterOnShutdown(fn func()) {
	s.prepare()
	s.standard.RegisterOnShutdown(fn)
}

// hooks are what is called as the server starts and ends.
type hooks struct {
	ending   aio.Mutex // held during Shutdown
	starting aio.Mutex // held while OnStartup runs
	begun    bool      // OnStartup was called; under starting
	failed   error     // what it said; under starting
	mu       sync.Mutex
	toClean  bool // OnStartup has succeeded, or there is none, and OnCleanup is to come
}

func (h *hooks) start(ctx context.Context, fn func(context.Context) error) error {
	if err := h.starting.Lock(ctx); err != nil {
		return err
	}
	defer h.starting.Unlock()
	if h.begun {
		return h.failed
	}
	h.begun = true
	if fn != nil {
		h.failed = fn(ctx)
	}
	h.mu.Lock()
	h.toClean = h.failed == nil
	h.mu.Unlock()
	return h.failed
}

// clean calls fn, if there is something to clean up.
func (h *hooks) clean(ctx context.Context, fn func(context.Context) error) error {
	h.mu.Lock()
	is := h.toClean
	h.toClean = false
	h.mu.Unlock()
	if fn == nil || !is {
		return nil
	}
	return fn(ctx)
}
