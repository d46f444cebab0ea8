//go:build unix && !aix

package websocket

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aiohttp"
	"github.com/goaio/aio/aiohttp/aiohttptest"
	"github.com/goaio/aio/aionet"
	"github.com/goaio/aio/aiotest"
	"github.com/goaio/aio/loop"
)

// holders are the ways to have a connection. Each tells of its end.
var holders = []struct {
	name string
	hold func(c *Conn, ends chan<- StatusCode) (over func())
}{
	{"straight", func(c *Conn, ends chan<- StatusCode) func() {
		return func() { reads(c, ends) }
	}},
	{"events", func(c *Conn, ends chan<- StatusCode) func() {
		_ = c.Handle(ended(ends))
		return func() {}
	}},
	{"detached", func(c *Conn, ends chan<- StatusCode) func() {
		go reads(c, ends)
		return func() {}
	}},
}

func reads(c *Conn, ends chan<- StatusCode) {
	for {
		if _, _, err := c.Read(background); err != nil {
			ends <- CloseStatus(err)
			return
		}
	}
}

type ended chan<- StatusCode

func (ended) Message(context.Context, *Conn, MessageType, []byte) error { return nil }
func (e ended) Closed(_ *Conn, end *CloseError)                         { e <- end.Code }

func holding(hold func(c *Conn, ends chan<- StatusCode) func(), ends chan<- StatusCode) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, err := Accept(w, r, nil); err == nil {
			over := hold(c, ends)
			_ = c.WriteNoWait(Text, []byte("here")) // unless the server stops already
			over()
		}
	})
}

// Shutdown says 1001 and waits for the answer, whoever has the connection.
func TestShutdown(t *testing.T) {
	for _, h := range holders {
		for name, mark := range map[string]func(http.Handler) http.Handler{
			"pooled": func(h http.Handler) http.Handler { return h }, "on loop": aiohttp.OnLoop,
		} {
			t.Run(h.name+", "+name, func(t *testing.T) {
				ends := make(chan StatusCode, 2)
				s := &aiohttp.Server{Handler: mark(holding(h.hold, ends)), DrainTimeout: time.Minute}
				p := dialRaw(t, start(t, s))
				if got := p.one(t); got != `text "here"` {
					t.Fatal(got)
				}
				stopped := make(chan error, 1)
				go func() { stopped <- s.Shutdown(background) }()
				if got := p.one(t); got != "close 1001" {
					t.Error(got)
				}
				select {
				case err := <-stopped:
					t.Error("Shutdown has not waited", err)
				case code := <-ends:
					t.Error("the connection has ended without an answer", code)
				default:
				}
				_, _ = p.Write(join(text("still here"), closeFrame(1001, "")))
				if got := p.all(); got != "end" {
					t.Error(got)
				}
				if code := <-ends; code != StatusGoingAway {
					t.Error(code)
				}
				if err := <-stopped; err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// With TLS too.
func TestShutdownTLS(t *testing.T) {
	for _, h := range holders {
		t.Run(h.name, func(t *testing.T) {
			ends := make(chan StatusCode, 2)
			s, roots := withTLS(holding(h.hold, ends))
			s.DrainTimeout = time.Minute
			address := startWith(t, s, func(ctx context.Context, l *aionet.Listener) error { return s.ServeTLS(ctx, l, "", "") })
			c, err := Dial(background, "wss://"+address, &DialOptions{TLS: &tls.Config{RootCAs: roots, ServerName: "example.com"}})
			if err != nil {
				t.Fatal(err)
			}
			defer c.CloseNow()
			if _, _, err := c.Read(background); err != nil {
				t.Error(err)
			}
			stopped := make(chan error, 1)
			go func() { stopped <- s.Shutdown(background) }()
			if _, _, err := c.Read(background); CloseStatus(err) != StatusGoingAway {
				t.Error(err)
			}
			if code := <-ends; code != StatusGoingAway {
				t.Error(code)
			}
			if err := <-stopped; err != nil {
				t.Error(err)
			}
		})
	}
}

// Under virtual time: a peer that answers is waited for, one that does not for as
// long as the server has patience.
func TestShutdownUnderVirtualTime(t *testing.T) {
	for _, h := range holders[:2] {
		for _, answers := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, answers %v", h.name, answers), func(t *testing.T) {
				aiotest.Run(t, func(ctx context.Context) {
					ends := make(chan StatusCode, 2)
					s := aiohttptest.NewServer(ctx, holding(h.hold, ends))
					s.Config.DrainTimeout = 3 * time.Second
					c, err := Dial(ctx, s.URL, &DialOptions{Client: s.Client()})
					if err != nil {
						t.Fatal(err)
					}
					if _, _, err := c.Read(ctx); err != nil {
						t.Error(err)
					}
					start := loop.Of(ctx).Now()
					stopping := aio.Go(ctx, s.Config.Shutdown)
					if err := aio.Sleep(ctx, 2*time.Second); err != nil {
						t.Error(err)
					}
					if answers {
						if _, _, err := c.Read(ctx); CloseStatus(err) != StatusGoingAway {
							t.Error(err)
						}
					}
					_, err = stopping.Await(ctx)
					passed := loop.Of(ctx).Now().Sub(start)
					if answers && (err != nil || passed != 2*time.Second) || !answers && (err == nil || passed != 3*time.Second) {
						t.Errorf("%v, after %v", err, passed)
					}
					want := StatusGoingAway
					if !answers {
						want = StatusAbnormalClosure
					}
					if err := aio.Sleep(ctx, time.Second); err != nil {
						t.Error(err)
					}
					if code := <-ends; code != want {
						t.Error(code)
					}
					c.CloseNow()
					if err := s.Close(); err != nil {
						t.Error(err)
					}
				})
			})
		}
	}
}

// A connection that is accepted while the server stops is told at once.
func TestAcceptDuringShutdown(t *testing.T) {
	aiotest.Run(t, func(ctx context.Context) {
		ends := make(chan StatusCode, 1)
		stopping := &aio.Event{}
		accept := holding(holders[1].hold, ends)
		s := aiohttptest.NewServer(ctx, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if err := stopping.Wait(r.Context()); err != nil {
				t.Error(err)
			}
			accept.ServeHTTP(w, r)
		}))
		dialling := aio.Async(ctx, func(ctx context.Context) (*Conn, error) {
			return Dial(ctx, s.URL, &DialOptions{Client: s.Client()})
		})
		if err := aio.Sleep(ctx, time.Second); err != nil {
			t.Error(err)
		}
		if err := s.Config.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		stopping.Set()
		c, err := dialling.Await(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := c.Read(ctx); CloseStatus(err) != StatusGoingAway {
			t.Error(err)
		}
		if err := aio.Sleep(ctx, time.Second); err != nil {
			t.Error(err)
		}
		if code := <-ends; code != StatusGoingAway {
			t.Error(code)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}

// Real peers hear of the code.
func TestShutdownOfRealClients(t *testing.T) {
	for _, peer := range realPeers {
		t.Run(peer.name, func(t *testing.T) {
			peer.need(t)
			for _, h := range holders {
				ends := make(chan StatusCode, 2)
				s := &aiohttp.Server{Handler: holding(h.hold, ends), DrainTimeout: time.Minute}
				address := start(t, s)
				ctx, cancel := context.WithTimeout(background, 30*time.Second)
				defer cancel()
				client := peer.command(ctx, "wait", "ws://"+address)
				out, err := client.StdoutPipe()
				if err != nil {
					t.Fatal(err)
				}
				if err := client.Start(); err != nil {
					t.Fatal(err)
				}
				lines := bufio.NewScanner(out)
				lines.Scan()
				if err := s.Shutdown(ctx); err != nil {
					t.Error(err)
				}
				lines.Scan()
				if got := lines.Text(); got != "closed 1001" {
					t.Errorf("%s: %s", h.name, got)
				}
				if err := client.Wait(); err != nil {
					t.Error(err)
				}
				if code := <-ends; code != StatusGoingAway {
					t.Error(code)
				}
			}
		})
	}
}
