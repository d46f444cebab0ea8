//go:build unix && !aix

package aiohttp

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aiohttp/internal/upgrade"
	"github.com/goaio/aio/aionet"
)

// Server serves HTTP/1.1 and HTTP/2. Its fields mean what those of [http.Server]
// do; set them before it serves. Its methods are safe from any goroutine.
type Server struct {
	Addr    string       // for ListenAndServe, ":http" if empty, and ListenAndServeTLS, ":https"
	Handler http.Handler // http.DefaultServeMux if nil
	// DisableGeneralOptionsHandler has Handler asked for "OPTIONS *" too, which
	// the server answers itself otherwise.
	DisableGeneralOptionsHandler bool

	// TLSConfig is for ServeTLS and ListenAndServeTLS, which do not change it.
	TLSConfig *tls.Config
	// Protocols are those that clients may speak; HTTP/1 and HTTP/2 over TLS if
	// it is nil. With UnencryptedHTTP2 clients may begin with HTTP/2 where there
	// is no TLS ("prior knowledge").
	Protocols *http.Protocols
	HTTP2     *http.HTTP2Config // settings of HTTP/2, net/http's if nil

	// Loops is how many loops serve the connections, each on a goroutine of its
	// own; 0 has them served on the loop of the task that calls Serve.
	Loops int
	// Workers bounds how many handlers run at a time that are not marked with
	// [OnLoop]; 65,536 if it is 0, for a slow client may hold one. What comes then
	// waits. Handlers of HTTP/2 are not counted: HTTP2 bounds the streams of a
	// connection.
	Workers int

	// The timeouts are none if they are 0: a server that strangers reach wants them
	// all. They begin with the first byte of a request but for WriteTimeout, and end
	// the connection, and so the handler's context.
	ReadTimeout       time.Duration // for a whole request
	ReadHeaderTimeout time.Duration // for its head; ReadTimeout if it is 0
	WriteTimeout      time.Duration // from the end of the head to the end of the answer
	// IdleTimeout is how long a connection may wait for its next request;
	// ReadTimeout if it is 0. For its first one it may wait ReadHeaderTimeout. A
	// connection that waits is closed up to a quarter of the shorter of the two
	// later, for it has no timer of its own.
	IdleTimeout    time.Duration
	MaxHeaderBytes int // of a head, which else is answered 431; http.DefaultMaxHeaderBytes, 1 MB, if it is 0
	// DrainTimeout is how long requests may take when the server stops; 5
	// seconds if it is 0.
	DrainTimeout time.Duration

	// ConnState hears of a connection's states, of some on its loop: it must not
	// block.
	ConnState   func(net.Conn, http.ConnState)
	BaseContext func(net.Listener) context.Context
	ConnContext func(ctx context.Context, c net.Conn) context.Context

	// OnStartup is called once, by the first Serve, before a connection is
	// accepted; its error ends every Serve. OnCleanup is called once, when
	// [Server.Shutdown] has ended all else, unless OnStartup has failed or no
	// Serve was called. Both may await.
	OnStartup func(ctx context.Context) error
	OnCleanup func(ctx context.Context) error

	// Log hears of panics, of mistakes of handlers and of TLS handshakes that
	// fail; slog's default if nil.
	Log *slog.Logger
	// AccessLog hears of every request when it has been answered; nil for none.
	AccessLog *slog.Logger

	once     sync.Once
	server   *aionet.Server
	workers  *aio.ThreadPool
	standard *http.Server // what handlers find under http.ServerContextKey
	http2    http2Server
	upgraded upgrade.Connections
	stops    atomic.Bool
	hooks    hooks

	oneRequest atomic.Bool // per connection: SetKeepAlivesEnabled
}

// ErrServerClosed is what Serve and ListenAndServe return after
// [Server.Shutdown] or [Server.Close]: net/http's.
var ErrServerClosed = http.ErrServerClosed

// prepare sets up what the fields ask for, once.
func (s *Server) prepare() {
	s.once.Do(func() {
		options := []aionet.ServerOption{
			aionet.Loops(s.Loops), aionet.OnStart(s.http2.rememberLoop), aionet.IdleTimeout(s.shortestIdleTimeout()),
		}
		if s.DrainTimeout > 0 {
			options = append(options, aionet.DrainTimeout(s.DrainTimeout))
		}
		s.server = aionet.NewServer(nil, options...) // each listener has a handler of its own
		s.http2.server = s
		s.standard = s.asStandard()
		if _, on := s.handler().(onLoop); !on {
			workers := s.Workers
			if workers <= 0 {
				workers = 65536
			}
			s.workers = aio.NewThreadPool(workers, aio.PoolName("aiohttp"), aio.PoolQueueLength(1<<20))
		}
	})
}

// asStandard returns net/http's server with the same settings.
func (s *Server) asStandard() *http.Server {
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	return &http.Server{
		Addr: s.Addr, Handler: s.http2.handler(), DisableGeneralOptionsHandler: s.DisableGeneralOptionsHandler, TLSConfig: s.TLSConfig, Protocols: protocols, HTTP2: s.HTTP2,
		ReadTimeout: s.ReadTimeout, ReadHeaderTimeout: s.ReadHeaderTimeout, WriteTimeout: s.WriteTimeout,
		IdleTimeout: s.IdleTimeout, MaxHeaderBytes: s.MaxHeaderBytes,
		ConnContext: s.http2.connContext, ConnState: s.http2.connState,
		ErrorLog: slog.NewLogLogger(s.log().Handler(), slog.LevelWarn),
	}
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

func (s *Server) log() *slog.Logger {
	if s.Log != nil {
		return s.Log
	}
	return slog.Default()
}

func (s *Server) logf(format string, arguments ...any) {
	s.log().Warn(fmt.Sprintf(format, arguments...))
}
