//go:build unix && !aix

package websocket

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/goaio/aio/aiohttp"
	"github.com/goaio/aio/loop"
)

// recorder is a Handler that says what it hears.
type recorder struct {
	message func(ctx context.Context, c *Conn, data []byte) error
	ends    chan *CloseError
	on      *loop.Loop // where Closed was called
}

func (r *recorder) Message(ctx context.Context, c *Conn, _ MessageType, data []byte) error {
	return r.message(ctx, c, data)
}

func (r *recorder) Closed(_ *Conn, end *CloseError) {
	r.on = loop.Current()
	r.ends <- end
}

// In the event form each end is told of, once and on the loop.
func TestHandlerHearsOfTheEnd(t *testing.T) {
	for _, s := range subjects {
		for _, c := range []struct {
			name    string
			message func(ctx context.Context, c *Conn, data []byte) error
			client  func(p rawPeer)
			code    StatusCode
			local   bool
			gets    string
		}{
			{"the client closes", nil, func(p rawPeer) { p.Write(closeFrame(4001, "bye")) }, 4001, false, "close 4001\nend"},
			{"the client leaves", nil, func(p rawPeer) { p.Close() }, StatusAbnormalClosure, false, ""},
			{"the client breaks a rule", nil, func(p rawPeer) { p.Write([]byte("GET / HTTP/1.1\r\n\r\n")) }, StatusProtocolError, true, "close 1002\nend"},
			{"the handler fails", func(context.Context, *Conn, []byte) error { return errors.New("no") },
				func(p rawPeer) { p.Write(text("x")) }, StatusInternalError, true, "close 1011\nend"},
			{"the handler fails with a code", func(context.Context, *Conn, []byte) error { return &CloseError{Code: 4002} },
				func(p rawPeer) { p.Write(text("x")) }, 4002, true, "close 4002\nend"},
			{"the handler closes", func(_ context.Context, c *Conn, _ []byte) error { return c.Close(4003, "") },
				func(p rawPeer) { p.Write(join(text("x"), closeFrame(4003, ""))) }, 4003, true, "close 4003\nend"},
			{"the handler closes at once", func(_ context.Context, c *Conn, _ []byte) error { c.CloseNow(); return nil },
				func(p rawPeer) { p.Write(text("x")) }, StatusAbnormalClosure, true, "end"},
		} {
			t.Run(s.name+", "+c.name, func(t *testing.T) {
				r := &recorder{message: c.message, ends: make(chan *CloseError, 2)}
				address := s.serve(t, http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
					if c, err := Accept(w, request, nil); err == nil {
						_ = c.Handle(r)
						if err := c.Handle(r); err == nil {
							t.Error("a second Handle")
						}
						if _, _, err := c.Read(request.Context()); err == nil {
							t.Error("a Read in the event form")
						}
					}
				}))
				p := dialRaw(t, address)
				c.client(p)
				if c.gets != "" {
					if got := p.all(); got != c.gets {
						t.Errorf("the client gets %s", got)
					}
				}
				_ = p.Close()
				if end := <-r.ends; end.Code != c.code || end.Local != c.local {
					t.Errorf("%+v", end)
				}
				if onLoop := s.name != "net/http"; onLoop && r.on == nil {
					t.Error("Closed was not called on the loop")
				}
				if len(r.ends) > 0 {
					t.Error("told of twice")
				}
			})
		}
	}
}

// A server that stops closes idle connections and tells their handlers; a panic
// ends one connection.
func TestHandlerOfAServerThatStops(t *testing.T) {
	r := &recorder{ends: make(chan *CloseError, 2), message: func(context.Context, *Conn, []byte) error { panic("on purpose") }}
	t.Run("serve", func(inner *testing.T) {
		address := start(inner, &aiohttp.Server{Handler: aiohttp.OnLoop(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
			if c, err := Accept(w, request, nil); err == nil {
				_ = c.Handle(r)
			}
		}))})
		p := dialRaw(t, address)
		_, _ = p.Write(text("x"))
		if end := <-r.ends; end.Code != StatusInternalError || !end.Local {
			t.Error(end)
		}
		if got := p.all(); got != "close 1011\nend" {
			t.Errorf("the client gets %s", got)
		}
		p = dialRaw(t, address)
		_, _ = p.Write(frame(9, true, ""))
		if f := p.one(inner); f != `pong ""` {
			inner.Error(f)
		}
	})
	if end := <-r.ends; !end.Local {
		t.Error(end)
	}
}

// An idle connection in the event form has no coroutine, no goroutine and no
// decoder, also when part of the handshake's packet were frames.
func TestIdleConnections(t *testing.T) {
	if os.Getenv("AIO_DRIVER") == "portable" {
		t.Skip("the portable driver has goroutines of its own for each descriptor")
	}
	const clients = 200
	conns := make(chan *Conn, clients)
	address := subjects[2].serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, err := Accept(w, r, nil); err == nil {
			if err := c.Handle(echo{}); err != nil {
				t.Error(err)
			}
			conns <- c
		}
	}))
	before := runtime.NumGoroutine()
	for i := range clients {
		p := dialRaw(t, address)
		_, _ = p.Write(text(strings.Repeat("x", 100+i)))
		if got := p.one(t); got != fmt.Sprintf("text of %d", 100+i) {
			t.Fatal(got)
		}
	}
	// The server's coroutines are goroutines to the runtime, as tasks at rest are.
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before+4; runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
		}
	}
	for range clients {
		if c := <-conns; c.ended() != nil {
			t.Error(c.ended())
		}
	}
}
