//go:build unix && !aix

package aiohttp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aionet"
)

// Server serves HTTP/1.1. Its fields mean what those of [http.Server] do; set
// them before it serves.
type Server struct {
	Addr    string       // for ListenAndServe, ":http" if empty
	Handler http.Handler // http.DefaultServeMux if nil

	// Loops is how many loops serve the connections, each on a goroutine of its
	// own; 0 has them served on the loop of the task that calls Serve.
	Loops int
	// Workers bounds how many handlers run at a time that are not marked with
	// [OnLoop]; 1,024 if it is 0. What comes then waits.
	Workers int

	ReadTimeout       time.Duration // for a whole request
	ReadHeaderTimeout time.Duration // for its head; ReadTimeout if it is 0
	WriteTimeout      time.Duration // from the end of the head to the end of the answer
	MaxHeaderBytes    int           // http.DefaultMaxHeaderBytes if it is 0
	// DrainTimeout is how long requests may take when the server stops; 5
	// seconds if it is 0.
	DrainTimeout time.Duration

	ConnState   func(net.Conn, http.ConnState)
	BaseContext func(net.Listener) context.Context
	ConnContext func(ctx context.Context, c net.Conn) context.Context

	// Log hears of panics and of mistakes of handlers; slog's default if nil.
	Log *slog.Logger
	// AccessLog hears of every request; nil for none.
	AccessLog *slog.Logger

	once    sync.Once
	server  *aionet.Server
	workers *aio.ThreadPool
	base    context.Context
	stops   atomic.Bool
}

// ErrServerClosed is what Serve and ListenAndServe return after
// [Server.Shutdown]: net/http's.
var ErrServerClosed = http.ErrServerClosed

// ListenAndServe listens on Addr and serves until ctx is cancelled, then shuts
// the server down.
func (s *Server) ListenAndServe(ctx context.Context) error {
	address := s.Addr
	if address == "" {
		address = ":http"
	}
	l, err := aionet.Listen(ctx, "tcp", address)
	if err != nil {
		return err
	}
	err = s.Serve(ctx, l)
	if aio.IsCancelled(err) {
		if report := s.Shutdown(context.WithoutCancel(ctx)); report != nil {
			return errors.Join(err, report)
		}
	}
	return err
}

// Serve serves the connections of l until ctx is cancelled, [Server.Shutdown] is
// called ([ErrServerClosed]) or l fails. It closes l.
func (s *Server) Serve(ctx context.Context, l *aionet.Listener) error {
	s.start()
	if s.BaseContext != nil {
		if s.base = s.BaseContext(l); s.base == nil {
			panic("aiohttp: BaseContext returned a nil context")
		}
	}
	err := s.server.Serve(ctx, l)
	if errors.Is(err, aionet.ErrServerClosed) {
		return ErrServerClosed
	}
	return err
}

// Shutdown stops the server: it closes the listeners and the idle connections,
// waits for the requests that are under way until ctx is cancelled or the
// DrainTimeout has passed, and cancels the rest. It returns an
// [*aionet.ShutdownError] if there was such a rest.
func (s *Server) Shutdown(ctx context.Context) error {
	s.start()
	s.stops.Store(true)
	err := s.server.Shutdown(ctx)
	if s.workers != nil {
		// A handler that runs still is in the report; nobody waits for it again.
		over, cancel := context.WithCancel(context.Background())
		cancel()
		_ = s.workers.Shutdown(over, true)
	}
	return err
}

func (s *Server) start() {
	s.once.Do(func() {
		options := []aionet.ServerOption{aionet.Loops(s.Loops)}
		if s.DrainTimeout > 0 {
			options = append(options, aionet.DrainTimeout(s.DrainTimeout))
		}
		s.server = aionet.NewServer(aionet.Events(s.accepted), options...)
		if _, on := s.handler().(onLoop); !on {
			workers := s.Workers
			if workers <= 0 {
				workers = 1024
			}
			s.workers = aio.NewThreadPool(workers, aio.PoolName("aiohttp"), aio.PoolQueueLength(1<<20))
		}
	})
}

func (s *Server) accepted(c *aionet.Conn) aionet.EventHandler {
	s.state(c, http.StateNew)
	return &connection{server: s, conn: c, values: s.connContext(c)}
}

func (s *Server) state(c net.Conn, state http.ConnState) {
	if s.ConnState != nil {
		s.ConnState(c, state)
	}
}

func (s *Server) handler() http.Handler {
	if s.Handler == nil {
		return http.DefaultServeMux
	}
	return s.Handler
}

func (s *Server) pool() *aio.ThreadPool { return s.workers }

func (s *Server) stopping() bool { return s.stops.Load() }

func (s *Server) maxHeaderBytes() int {
	if s.MaxHeaderBytes > 0 {
		return s.MaxHeaderBytes + 4096 // net/http's slack
	}
	return http.DefaultMaxHeaderBytes + 4096
}

func (s *Server) readHeaderTimeout() time.Duration {
	if s.ReadHeaderTimeout != 0 {
		return s.ReadHeaderTimeout
	}
	return s.ReadTimeout
}

// connContext makes the context whose values a connection's requests have; nil
// for none.
func (s *Server) connContext(c net.Conn) context.Context {
	if s.ConnContext == nil {
		return s.base
	}
	base := s.base
	if base == nil {
		base = context.Background()
	}
	if base = s.ConnContext(base, c); base == nil {
		panic("aiohttp: ConnContext returned a nil context")
	}
	return base
}

// standard is what handlers find under http.ServerContextKey.
func (s *Server) standard() *http.Server {
	return &http.Server{Addr: s.Addr, Handler: s.Handler}
}

func (s *Server) log() *slog.Logger {
	if s.Log != nil {
		return s.Log
	}
	return slog.Default()
}

func (s *Server) logf(format string, arguments ...any) {
	s.log().Warn(fmt.Sprintf(format, arguments...))
}
