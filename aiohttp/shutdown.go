//go:build unix && !aix

package aiohttp

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aiohttp/internal/clock"
)

// Shutdown stops the server: it closes the listeners and the idle connections,
// sends WebSockets a close frame with code 1001 (going away), waits for the
// requests that are under way and for the WebSockets to end, until ctx is
// cancelled or the DrainTimeout has passed, and cancels the rest, whose responses
// are cut off and look so to their clients. It returns an [*aionet.ShutdownError] if
// there was such a rest. At its end it calls
// OnCleanup. Connections that were hijacked for other protocols are nobody's but
// their hijacker's; see [Server.RegisterOnShutdown].
func (s *Server) Shutdown(ctx context.Context) error {
	s.prepare()
	s.stops.Store(true)
	// A second one waits for the first, which has the report.
	if err := s.hooks.ending.Lock(ctx); err != nil {
		return err
	}
	defer s.hooks.ending.Unlock()
	drained := s.http2.drain()
	closed := s.drainUpgraded()
	err := s.server.Shutdown(ctx)
	err = errors.Join(err, drained(ctx), closed(ctx))
	s.endWorkers() // one that runs still is in the report
	return errors.Join(err, s.hooks.clean(ctx, s.OnCleanup))
}

// Close stops the server at once: it closes the listeners and all connections but
// hijacked ones, and cancels the contexts of the handlers that run, whose cause is
// [aionet.ErrServerClosed]; awaits of a handler on a loop are interrupted. It waits
// for nobody and calls neither OnCleanup nor what RegisterOnShutdown was given: a
// [Server.Shutdown] after it does all three. Serve returns [ErrServerClosed].
// Close returns what closing the listeners has said. As with Shutdown, connections
// of [Server.ServeConn] are their caller's, who cancels it.
func (s *Server) Close() error {
	s.prepare()
	s.stops.Store(true)
	err := s.server.Close()
	s.http2.abort()
	s.endWorkers()
	return err
}

// endWorkers ends the pool. Nobody waits for handlers that run still; those that
// wait for their turn are dropped.
func (s *Server) endWorkers() {
	if s.workers != nil {
		over, cancel := context.WithCancel(context.Background())
		cancel()
		_ = s.workers.Shutdown(over, true)
	}
}

// SetKeepAlivesEnabled says whether connections may have more than one request;
// they may unless it was called. Those that are idle when it is turned off end with
// the response to their next request, or by IdleTimeout.
func (s *Server) SetKeepAlivesEnabled(enabled bool) {
	s.prepare()
	s.oneRequest.Store(!enabled)
	s.standard.SetKeepAlivesEnabled(enabled)
}

// patience is how long requests may take when the server stops.
func (s *Server) patience() time.Duration {
	if s.DrainTimeout > 0 {
		return s.DrainTimeout
	}
	return 5 * time.Second
}

// drainUpgraded tells the connections that were upgraded that the server stops,
// and returns a function that awaits the end of those which are not on a loop of
// the server, for as long as the DrainTimeout goes on.
func (s *Server) drainUpgraded() func(ctx context.Context) error {
	begun := clock.Now()
	s.upgraded.GoAway()
	return func(ctx context.Context) error {
		left := s.patience() - clock.Now().Sub(begun)
		if aio.Timeout(ctx, left, s.upgraded.Wait) == nil {
			return nil
		}
		if n := s.upgraded.CloseNow(); n > 0 {
			return fmt.Errorf("aiohttp: shutdown: %d WebSockets did not close in time and were cut off", n)
		}
		return nil
	}
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
