//go:build unix && !aix

package aiohttp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aionet"
	"github.com/goaio/aio/loop"
)

func (p *pool) counts() (open, idle, waiting int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, h := range p.hosts {
		open += h.open
		waiting += len(h.waiting)
	}
	return open, p.idle.Len(), waiting
}

// eventually waits until a condition holds that others bring about.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

// Who waits for one of a limited number of connections gets it in line; who is
// cancelled leaves it.
func TestMaxConnsPerHostIsFair(t *testing.T) {
	var most, now atomic.Int32
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if n := now.Add(1); n > most.Load() {
			most.Store(n)
		}
		time.Sleep(time.Millisecond)
		now.Add(-1)
		fmt.Fprint(w, r.URL.Path)
	})
	transport := &Transport{MaxConnsPerHost: 2}
	defer transport.CloseIdleConnections()
	var order []int
	inTask(t, func(ctx context.Context) {
		err := aio.Group(ctx, func(ctx context.Context) error {
			for i := range 20 {
				task := aio.Go(ctx, func(ctx context.Context) error {
					ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) {
						if i%5 != 4 {
							order = append(order, i)
						}
					}})
					_, text, err := fetch(ctx, transport, "GET", fmt.Sprintf("%s/%d", url, i), nil)
					if i%5 == 4 {
						if !aio.IsCancelled(err) {
							t.Errorf("%d: %v", i, err)
						}
						return err
					}
					if text != fmt.Sprintf("/%d", i) {
						t.Errorf("%d: %q", i, text)
					}
					return err
				})
				if i%5 == 4 {
					if err := aio.Yield(ctx); err != nil {
						return err
					}
					task.Cancel(nil)
				}
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
	if most.Load() != 2 {
		t.Errorf("%d at a time", most.Load())
	}
	if len(order) != 16 || !slices.IsSorted(order[2:]) { // the first two dial
		t.Errorf("not in line: %v", order)
	}
	if open, idle, waiting := transport.pool.counts(); open != 0 || idle != 0 || waiting != 0 {
		t.Errorf("the loop is closed: %d connections, %d idle, %d wait", open, idle, waiting)
	}
}

func TestIdleLimits(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) { time.Sleep(5 * time.Millisecond) })
	for name, transport := range map[string]*Transport{
		"2 by default":  {},
		"3":             {MaxIdleConnsPerHost: 3},
		"1 in all":      {MaxIdleConnsPerHost: 5, MaxIdleConns: 1},
		"0 without any": {DisableKeepAlives: true},
		"0 for no time": {MaxIdleConnsPerHost: 5, IdleConnTimeout: time.Nanosecond},
	} {
		var all sync.WaitGroup
		for range 6 {
			all.Go(func() {
				if _, _, err := fetch(context.Background(), transport, "GET", url, nil); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		want := int(name[0] - '0')
		eventually(t, name, func() bool {
			open, idle, _ := transport.pool.counts()
			return open == want && idle == want
		})
		transport.CloseIdleConnections()
		if open, idle, _ := transport.pool.counts(); open != 0 || idle != 0 {
			t.Errorf("%s: %d open, %d idle after all", name, open, idle)
		}
	}
}

// An idle connection that the server closes is dropped by its loop.
func TestIdleConnectionIsWatched(t *testing.T) {
	server := newScriptedServer(t)
	everywhere(t, func(t *testing.T, ctx context.Context, transport *Transport) {
		for _, does := range []func(net.Conn){
			func(c net.Conn) { _ = c.Close() },
			func(c net.Conn) { _, _ = io.WriteString(c, "HTTP/1.1 408 Request Timeout\r\n\r\n") },
			func(c net.Conn) { _ = c.(*net.TCPConn).CloseWrite() },
		} {
			server.script("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", false, 0)
			if _, _, err := fetch(ctx, transport, "GET", server.url(), nil); err != nil {
				t.Fatal(err)
			}
			if open, idle, _ := transport.pool.counts(); open != 1 || idle != 1 {
				t.Fatal(open, idle)
			}
			server.mu.Lock()
			for c := range server.open {
				does(c)
			}
			server.mu.Unlock()
			for end := time.Now().Add(patience); ; {
				if open, _, _ := transport.pool.counts(); open == 0 {
					break
				}
				if time.Now().After(end) {
					t.Fatal("the connection is still there")
				}
				_ = aio.Sleep(ctx, time.Millisecond)
			}
		}
	})
}

// An idle connection has neither a goroutine nor a buffer.
func TestIdleConnectionHoldsNothing(t *testing.T) {
	server := newScriptedServer(t)
	everywhere(t, func(t *testing.T, ctx context.Context, transport *Transport) {
		server.script("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", false, 0)
		if _, _, err := fetch(ctx, transport, "GET", server.url(), nil); err != nil {
			t.Fatal(err)
		}
		c := transport.pool.idle.Front().Value.(*clientConnection)
		if c.in.memory != nil || c.in.borrowed != nil || c.out.memory != nil || c.reader.ctx != nil || c.writer.ctx != nil {
			t.Errorf("%+v", c)
		}
	})
}

// A request that finds its connection closed is sent again if that is safe.
func TestRetry(t *testing.T) {
	server := newScriptedServer(t)
	for name, c := range map[string]struct {
		method string
		header string
		body   io.Reader
		again  bool
	}{
		"GET":                      {"GET", "", nil, true},
		"HEAD":                     {"HEAD", "", nil, true},
		"POST":                     {"POST", "", strings.NewReader("hello"), false},
		"POST with a key":          {"POST", "Idempotency-Key", strings.NewReader("hello"), true},
		"POST with a stream":       {"POST", "Idempotency-Key", io.MultiReader(strings.NewReader("hello")), false},
		"DELETE":                   {"DELETE", "", nil, false},
		"OPTIONS with known body":  {"OPTIONS", "", strings.NewReader("hello"), true},
		"OPTIONS with some stream": {"OPTIONS", "", io.MultiReader(strings.NewReader("hello")), false},
	} {
		for kind, transport := range map[string]interface {
			http.RoundTripper
			CloseIdleConnections()
		}{"net/http": &http.Transport{}, "ours": &Transport{}} {
			server.script("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", false, 0)
			if _, _, err := fetch(context.Background(), transport, "GET", server.url(), nil); err != nil {
				t.Fatal(err)
			}
			// The server answers the next request of that connection with its end.
			server.mu.Lock()
			server.answer, server.end = "", true
			server.mu.Unlock()
			body := c.body
			if seeker, is := body.(io.Seeker); is {
				_, _ = seeker.Seek(0, io.SeekStart)
			} else if body != nil {
				body = io.MultiReader(strings.NewReader("hello"))
			}
			request, _ := http.NewRequest(c.method, server.url(), body)
			if c.header != "" {
				request.Header.Set(c.header, "1")
			}
			if _, err := transport.RoundTrip(request); err == nil {
				t.Errorf("%s, %s: no error", kind, name)
			}
			// On a new connection, whose end is not answered by a retry.
			want := 1
			if c.again {
				want = 2
			}
			if n := server.used(); n != want {
				t.Errorf("%s, %s: %d connections, want %d", kind, name, n, want)
			}
			transport.CloseIdleConnections()
		}
	}
}

// A loop that is closed takes its idle connections along, and a connection of
// one loop serves others.
func TestLoops(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.RemoteAddr) })
	transport := &Transport{}
	defer transport.CloseIdleConnections()
	inTask(t, func(ctx context.Context) {
		_, first, err := fetch(ctx, transport, "GET", url, nil)
		if err != nil {
			t.Error(err)
		}
		_, err = aio.Blocking(ctx, func(context.Context) (int, error) {
			_, second, err := fetch(context.Background(), transport, "GET", url, nil)
			if second != first {
				t.Errorf("%q beside %q", second, first)
			}
			inTask(t, func(ctx context.Context) {
				if _, third, err := fetch(ctx, transport, "GET", url, nil); err != nil || third != first {
					t.Errorf("%q beside %q, %v", third, first, err)
				}
			})
			return 0, err
		})
		if err != nil {
			t.Error(err)
		}
	})
	if open, _, _ := transport.pool.counts(); open != 0 {
		t.Errorf("%d connections are open", open)
	}
}

// A task that is unwound, for its loop was closed, leaves no connection behind
// wherever it stood.
func TestUnwound(t *testing.T) {
	server := newScriptedServer(t)
	for name, answer := range map[string]string{
		"waiting": "", "within the head": "HTTP/1.1 200", "within the body": "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello",
	} {
		server.script(answer, false, 0)
		transport := &Transport{MaxConnsPerHost: 1}
		l, err := loop.New(loop.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // of which the second waits in line
			aio.Go(loop.Carry(context.Background(), l, nil), func(ctx context.Context) error {
				_, _, err := fetch(ctx, transport, "GET", server.url(), nil)
				return err
			})
		}
		l.CallLater(30*time.Millisecond, l.Stop)
		if err := l.RunForever(); err != nil {
			t.Error(err)
		}
		if err := l.Close(); err == nil {
			t.Errorf("%s: no task was abandoned", name)
		}
		if open, _, waiting := transport.pool.counts(); open != 0 || waiting != 0 {
			t.Errorf("%s: %d connections are open, %d wait", name, open, waiting)
		}
	}
}

// A half-read response closes its connection, unless the rest has come.
func TestBodyClosedEarly(t *testing.T) {
	server := newScriptedServer(t)
	everywhere(t, func(t *testing.T, ctx context.Context, transport *Transport) {
		for answer, again := range map[string]bool{
			"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello":                               true,
			"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello":                               false,
			"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n":    false,
			"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + strings.Repeat("x", 100000): false,
		} {
			server.script(answer, false, 0)
			request, _ := http.NewRequestWithContext(ctx, "GET", server.url(), nil)
			response, err := transport.RoundTrip(request)
			if err != nil {
				t.Fatal(err)
			}
			var one [1]byte
			if _, err := response.Body.Read(one[:]); err != nil {
				t.Fatal(err)
			}
			if err := response.Body.Close(); err != nil {
				t.Error(err)
			}
			if _, err := response.Body.Read(one[:]); err == nil || err == io.EOF {
				t.Errorf("read after close: %v", err)
			}
			if _, idle, _ := transport.pool.counts(); idle == 1 != again {
				t.Errorf("%.60q: %d idle", answer, idle)
			}
			transport.CloseIdleConnections()
			if open, _, _ := transport.pool.counts(); open != 0 {
				t.Errorf("%.60q: %d open", answer, open)
			}
		}
	})
}

// A cancel while the body is read ends the response and its connection.
func TestCancelWhileReading(t *testing.T) {
	server := newScriptedServer(t)
	everywhere(t, func(t *testing.T, ctx context.Context, transport *Transport) {
		server.script("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello", false, 0)
		gone := errors.New("gone")
		for _, from := range []context.Context{ctx, context.Background()} {
			c, cancel := context.WithCancelCause(from)
			request, _ := http.NewRequestWithContext(c, "GET", server.url(), nil)
			response, err := transport.RoundTrip(request)
			if err != nil {
				t.Fatal(err)
			}
			time.AfterFunc(10*time.Millisecond, func() { cancel(gone) })
			text, err := io.ReadAll(response.Body)
			if string(text) != "hello" || !errors.Is(err, gone) {
				t.Errorf("%q, %v", text, err)
			}
			_ = response.Body.Close()
			if open, _, _ := transport.pool.counts(); open != 0 {
				t.Errorf("%d open", open)
			}
		}
	})
}

func TestUnixSocket(t *testing.T) {
	path := t.TempDir() + "/socket"
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	server := &httptest.Server{Listener: l, Config: &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Host)
	})}}
	server.Start()
	defer server.Close()
	everywhere(t, func(t *testing.T, ctx context.Context, transport *Transport) {
		transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) { return aionet.Dial(ctx, "unix", path) }
		if _, text, err := fetch(ctx, transport, "GET", "http://docker/version", nil); err != nil || text != "docker" {
			t.Errorf("%q, %v", text, err)
		}
	})
}

// A DialContext may return connections of package net.
func TestForeignConnections(t *testing.T) {
	var peers []string
	var mu sync.Mutex
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		peers = append(peers, r.RemoteAddr)
		mu.Unlock()
		text, _ := io.ReadAll(r.Body)
		_, _ = w.Write(text)
	})
	everywhere(t, func(t *testing.T, ctx context.Context, transport *Transport) {
		peers = nil
		transport.DialContext = (&net.Dialer{}).DialContext
		for range 2 {
			long := strings.Repeat("x", 100000)
			if _, text, err := fetch(ctx, transport, "POST", url, strings.NewReader(long)); err != nil || text != long {
				t.Errorf("%d bytes, %v", len(text), err)
			}
		}
		if len(slices.Compact(peers)) != 1 {
			t.Errorf("from %v", peers)
		}
	})
}
