//go:build unix && !aix

package websocket

import (
	"context"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aiohttp"
	"github.com/goaio/aio/aionet"
)

// A subject is a server that the tests are run against.
type subject struct {
	name  string
	serve func(t testing.TB, h http.Handler) (address string)
}

var subjects = []subject{
	{"net/http", func(t testing.TB, h http.Handler) string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		s := &http.Server{Handler: h}
		go s.Serve(l)
		t.Cleanup(func() { _ = s.Close() })
		return l.Addr().String()
	}},
	{"pooled", func(t testing.TB, h http.Handler) string { return start(t, &aiohttp.Server{Handler: h}) }},
	{"on loop", func(t testing.TB, h http.Handler) string {
		return start(t, &aiohttp.Server{Handler: aiohttp.OnLoop(h)})
	}},
}

// start runs a server on a loop of its own until the test ends.
func start(t testing.TB, s *aiohttp.Server) (address string) {
	t.Helper()
	return startWith(t, s, s.Serve)
}

func startWith(t testing.TB, s *aiohttp.Server, serve func(context.Context, *aionet.Listener) error) (address string) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	listening := make(chan string, 1)
	ended := make(chan error, 1)
	if s.DrainTimeout == 0 {
		s.DrainTimeout = 100 * time.Millisecond
	}
	go func() {
		ended <- aio.Run(ctx, func(ctx context.Context) error {
			l, err := aionet.Listen(ctx, "tcp", "127.0.0.1:0")
			if err != nil {
				return err
			}
			listening <- l.Addr().String()
			err = serve(ctx, l)
			_ = s.Shutdown(context.WithoutCancel(ctx))
			return err
		}, aio.NoInterrupt())
	}()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil && !aio.IsCancelled(err) && err != aiohttp.ErrServerClosed {
			t.Error(err)
		}
	})
	select {
	case address = <-listening:
	case err := <-ended:
		t.Fatal(err)
	}
	return address
}

// A form is a way to write a handler.
type form struct {
	name string
	echo func(t testing.TB, o *AcceptOptions) http.HandlerFunc
}

var forms = []form{
	{"straight", func(t testing.TB, o *AcceptOptions) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			c, err := Accept(w, r, o)
			if err != nil {
				return
			}
			defer c.Close(StatusNormalClosure, "")
			// net/http may cancel the request's context if the client leaves at once.
			ctx := context.WithoutCancel(r.Context())
			for message, err := range c.Messages(ctx) {
				if err != nil || c.Write(ctx, message.Type, message.Data) != nil {
					return
				}
			}
		}
	}},
	{"pieces", func(t testing.TB, o *AcceptOptions) http.HandlerFunc {
		return streams(o, func(ctx context.Context, c *Conn, kind MessageType, r io.Reader) error {
			data, err := io.ReadAll(r)
			if err != nil {
				return err
			}
			return c.Write(ctx, kind, data)
		})
	}},
	{"events", func(t testing.TB, o *AcceptOptions) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if c, err := Accept(w, r, o); err == nil {
				if err := c.Handle(echo{}); err != nil {
					t.Error(err)
				}
			}
		}
	}},
}

// copied echoes a message while it comes.
var copied = form{"copied", func(t testing.TB, o *AcceptOptions) http.HandlerFunc {
	return streams(o, func(ctx context.Context, c *Conn, kind MessageType, r io.Reader) error {
		w, err := c.NextWriter(ctx, kind)
		if err != nil {
			return err
		}
		if _, err := io.Copy(w, r); err != nil {
			return err
		}
		return w.Close()
	})
}}

// streams is a handler of messages that are read in pieces.
func streams(o *AcceptOptions, message func(context.Context, *Conn, MessageType, io.Reader) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c, err := Accept(w, r, o)
		if err != nil {
			return
		}
		defer c.Close(StatusNormalClosure, "")
		ctx := context.WithoutCancel(r.Context())
		for {
			kind, reader, err := c.NextReader(ctx)
			if err != nil || message(ctx, c, kind, reader) != nil {
				return
			}
		}
	}
}

type echo struct{}

func (echo) Message(ctx context.Context, c *Conn, t MessageType, data []byte) error {
	return c.Write(ctx, t, data)
}
func (echo) Closed(*Conn, *CloseError) {}

// everywhere runs a test with each server and each form of an echo handler.
func everywhere(t *testing.T, o *AcceptOptions, fn func(t *testing.T, address string)) {
	for _, s := range subjects {
		for _, f := range forms {
			t.Run(s.name+", "+f.name, func(t *testing.T) { fn(t, s.serve(t, f.echo(t, o))) })
		}
	}
}
