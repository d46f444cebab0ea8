//go:build unix && !aix

package aiohttptest

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aiohttp"
	"github.com/goaio/aio/aiotest"
	"github.com/goaio/aio/loop"
)

// Run runs fn as the main task of a loop under virtual time, with a client of a
// server that has the handler. See [aiotest.Run] for what makes the test fail;
// here a response whose body is neither closed nor read to its end does too.
//
// The client takes URLs without a host, "/hello"; whatever host a URL has, the
// handler is asked.
func Run(t testing.TB, handler http.Handler, fn func(ctx context.Context, client *http.Client), options ...aiotest.Option) {
	t.Helper()
	aiotest.Run(t, func(ctx context.Context) {
		server := NewServer(ctx, handler)
		defer func() {
			if err := server.Close(); err != nil {
				t.Error(err)
			}
		}()
		fn(ctx, server.Client())
	}, options...)
}

// Server is an HTTP server on connections in memory, without ports. Its methods
// are for the tasks of its loop.
type Server struct {
	// URL is a base URL of the server, without a trailing slash: any other does as
	// well.
	URL string
	// Config serves the connections. Change its fields before the first request; a
	// Handler that is put here runs as a coroutine too.
	Config *aiohttp.Server

	loop      *loop.Loop
	ctx       context.Context
	transport *aiohttp.Transport
	marked    bool // Config.Handler is
	serving   []served
}

// served is a connection, by its client's end.
type served struct {
	client *end
	task   *aio.Task[struct{}]
}

// NewServer starts a server on the caller's loop, under virtual time or not.
// Close it. Its connections are tasks that belong to no group.
func NewServer(ctx context.Context, handler http.Handler) *Server {
	l := loop.Current()
	if l == nil {
		panic("aiohttptest: NewServer is called in a task")
	}
	s := &Server{
		URL:    "http://example.com",
		Config: &aiohttp.Server{Handler: handler},
		loop:   l,
		ctx:    aio.Detached(ctx),
	}
	s.transport = &aiohttp.Transport{DialContext: s.dial}
	return s
}

// Client returns a client whose requests come to the server.
func (s *Server) Client() *http.Client { return &http.Client{Transport: toServer{s}} }

// Transport returns the client's transport, to set its fields before the first
// request.
func (s *Server) Transport() *aiohttp.Transport { return s.transport }

func (s *Server) dial(ctx context.Context, _, address string) (net.Conn, error) {
	if s.loop != loop.Current() {
		return nil, fmt.Errorf("aiohttptest: the server is for the tasks of its loop, and this request is made in a goroutine or on another loop")
	}
	if !s.marked {
		s.marked = true
		s.Config.Handler = aiohttp.OnLoop(s.Config.Handler)
	}
	number := len(s.serving) + 1
	client, server := newPipe(s.loop, fmt.Sprintf("192.0.2.1:%d", 1023+number), address)
	task := aio.Go(s.ctx, func(ctx context.Context) error {
		err := s.Config.ServeConn(ctx, server)
		if aio.IsCancelled(err) || err == aiohttp.ErrServerClosed {
			return nil
		}
		return err
	}, aio.Name(fmt.Sprintf("server of connection %d", number)))
	s.serving = append(s.serving, served{client, task})
	return client, nil
}

// Close closes the idle connections and waits for the server's ends of them. It
// cancels requests that are under way. It returns an error if a connection is in
// use still, which is a response that was neither read to its end nor closed.
func (s *Server) Close() error {
	s.transport.CloseIdleConnections()
	if s.loop.Virtual() {
		// A connection whose response has come may have a little more to do.
		if err := aio.Sleep(context.WithoutCancel(s.ctx), time.Second); err != nil {
			return err
		}
		s.transport.CloseIdleConnections()
	}
	used := 0
	for _, c := range s.serving {
		if c.client.Close() == nil {
			used++
			c.task.Cancel(nil)
		}
	}
	var failed error
	for _, c := range s.serving {
		if _, err := c.task.Await(context.WithoutCancel(s.ctx)); err != nil && !aio.IsCancelled(err) && failed == nil {
			failed = err
		}
	}
	s.serving = nil
	if used > 0 {
		return fmt.Errorf("aiohttptest: %d connections are in use when the server is closed; read each response's body to its end or close it", used)
	}
	return failed
}

// toServer gives requests the server's host if they have none.
type toServer struct{ s *Server }

func (t toServer) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL == nil || r.URL.Host != "" {
		return t.s.transport.RoundTrip(r)
	}
	base, err := url.Parse(t.s.URL)
	if err != nil {
		return nil, err
	}
	named := *r
	named.URL = base.ResolveReference(r.URL)
	response, err := t.s.transport.RoundTrip(&named)
	if response != nil {
		response.Request = r
	}
	return response, err
}

func (t toServer) CloseIdleConnections() { t.s.transport.CloseIdleConnections() }
