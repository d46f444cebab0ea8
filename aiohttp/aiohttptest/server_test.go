//go:build unix && !aix

package aiohttptest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aiohttp"
	"github.com/goaio/aio/aiotest"
	"github.com/goaio/aio/internal/leakcheck"
	"github.com/goaio/aio/loop"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

func read(t *testing.T, response *http.Response, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Error(err)
	}
	return string(text)
}

// A handler that sleeps for an hour answers at once.
func TestVirtualTime(t *testing.T) {
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := aio.Sleep(r.Context(), time.Hour); err != nil {
			t.Error(err)
		}
		fmt.Fprint(w, "hello ", r.Host, r.URL.Path)
	})
	began := time.Now()
	Run(t, handler, func(ctx context.Context, client *http.Client) {
		start := loop.Of(ctx).Now()
		response, err := client.Get("/you")
		if text := read(t, response, err); text != "hello example.com/you" {
			t.Errorf("%q", text)
		}
		response, err = client.Get("http://elsewhere.org/you")
		if text := read(t, response, err); text != "hello elsewhere.org/you" {
			t.Errorf("%q", text)
		}
		if passed := loop.Of(ctx).Now().Sub(start); passed != 2*time.Hour {
			t.Errorf("%v have passed", passed)
		}
	})
	if time.Since(began) > time.Minute {
		t.Error("time was real")
	}
}

// A client's timeout is on the loop's clock when the context's is, and ends the
// handler's context.
func TestTimeout(t *testing.T) {
	var left error
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { left = aio.Sleep(r.Context(), time.Hour) })
	Run(t, handler, func(ctx context.Context, client *http.Client) {
		start := loop.Of(ctx).Now()
		err := aio.Timeout(ctx, time.Minute, func(ctx context.Context) error {
			request, _ := http.NewRequestWithContext(ctx, "GET", "/", nil)
			_, err := client.Do(request)
			return err
		})
		var timeout *aio.TimeoutError
		if !errors.As(err, &timeout) || loop.Of(ctx).Now().Sub(start) != time.Minute {
			t.Error(err)
		}
		if err := aio.Sleep(ctx, time.Second); err != nil {
			t.Error(err)
		}
	})
	if !aio.IsCancelled(left) {
		t.Errorf("the handler's context: %v", left)
	}
}

// The transport's own limits are on the loop's clock too.
func TestHeaderTimeout(t *testing.T) {
	aiotest.Run(t, func(ctx context.Context) {
		s := NewServer(ctx, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _ = aio.Sleep(r.Context(), time.Hour) }))
		s.Transport().ResponseHeaderTimeout = time.Minute
		start := loop.Of(ctx).Now()
		_, err := s.Client().Post("/", "text/plain", struct{ io.Reader }{strings.NewReader("hello")})
		var timeout net.Error
		if !errors.As(err, &timeout) || !timeout.Timeout() || loop.Of(ctx).Now().Sub(start) != time.Minute {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}

// Large bodies go up and down at the same time, and a slow reader holds up the
// writer.
func TestStreaming(t *testing.T) {
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).EnableFullDuplex()
		_, _ = io.Copy(w, r.Body)
	})
	aiotest.Shuffled(t, 5, func(ctx context.Context) {
		s := NewServer(ctx, handler)
		long := strings.Repeat("0123456789", 100000)
		response, err := s.Client().Post("/", "text/plain", struct{ io.Reader }{strings.NewReader(long)})
		if text := read(t, response, err); text != long {
			t.Errorf("%d bytes", len(text))
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}

// What a handler and its client share needs no lock, and connections are used
// again.
func TestManyClients(t *testing.T) {
	visitors, peers := 0, map[string]bool{}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		visitors++
		peers[r.RemoteAddr] = true
		_ = aio.Sleep(r.Context(), time.Second)
		fmt.Fprint(w, visitors)
	})
	Run(t, handler, func(ctx context.Context, client *http.Client) {
		err := aio.Group(ctx, func(ctx context.Context) error {
			for range 10 {
				aio.Go(ctx, func(ctx context.Context) error {
					for range 10 {
						response, err := client.Get("/")
						read(t, response, err)
					}
					return nil
				})
			}
			return nil
		})
		if err != nil || visitors != 100 {
			t.Error(visitors, err)
		}
	})
	if len(peers) < 10 || len(peers) > 100 {
		t.Errorf("%d connections", len(peers))
	}
}

// A server's read timeout is virtual time's.
func TestServerTimeout(t *testing.T) {
	aiotest.Run(t, func(ctx context.Context) {
		s := NewServer(ctx, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, err := io.ReadAll(r.Body)
			fmt.Fprint(w, err != nil)
		}))
		s.Config.ReadTimeout = time.Minute
		response, err := s.Client().Post("/", "text/plain", slow{})
		if err == nil {
			if text := read(t, response, nil); text != "true" {
				t.Errorf("%q", text)
			}
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}

// slow is a body that does not come.
type slow struct{}

func (slow) Read(p []byte) (int, error) {
	if err := aio.Sleep(loop.CurrentScope(), time.Hour); err != nil {
		return 0, err
	}
	return 0, io.EOF
}

func TestUnreadResponse(t *testing.T) {
	aiotest.Run(t, func(ctx context.Context) {
		s := NewServer(ctx, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, strings.Repeat("x", 1<<20))
		}))
		response, err := s.Client().Get("/")
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err == nil || !strings.Contains(err.Error(), "close it") {
			t.Error(err)
		}
		_ = response.Body.Close()
	})
}

// drip is a body of so many bytes, one a second.
type drip struct {
	ctx context.Context
	n   int
}

func (d *drip) Read(p []byte) (int, error) {
	if d.n == 0 {
		return 0, io.EOF
	}
	if err := aio.Sleep(d.ctx, time.Second); err != nil {
		return 0, err
	}
	d.n--
	p[0] = 'x'
	return 1, nil
}

// A request's deadline is not the next one's.
func TestReadTimeoutIsOfOneRequest(t *testing.T) {
	aiotest.Run(t, func(ctx context.Context) {
		server := NewServer(ctx, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			fmt.Fprint(w, len(body), " ", errors.Is(err, os.ErrDeadlineExceeded))
		}))
		defer server.Close()
		server.Config.ReadTimeout = 10 * time.Second
		for _, step := range []struct {
			bytes int
			want  string
		}{{2, "2 false"}, {8, "8 false"}, {8, "8 false"}, {20, "9 true"}} {
			response, err := server.Client().Post("/", "text/plain", &drip{ctx, step.bytes})
			if text := read(t, response, err); text != step.want {
				t.Errorf("%d bytes: %q", step.bytes, text)
			}
			if err := aio.Sleep(ctx, 5*time.Second); err != nil {
				t.Error(err)
			}
		}
	})
}

// A request that cannot be read is answered, although the time for the answer before
// it has passed.
func TestWriteTimeoutIsOfOneAnswer(t *testing.T) {
	aiotest.Run(t, func(ctx context.Context) {
		server := &aiohttp.Server{
			WriteTimeout: 10 * time.Second,
			Handler:      aiohttp.OnLoop(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {})),
		}
		near, far := newPipe(loop.Of(ctx), "client", "server")
		serving := aio.Go(ctx, func(ctx context.Context) error { return server.ServeConn(ctx, far) })
		answers := bufio.NewReader(near)
		for _, step := range []struct {
			send string
			want int
		}{{"GET / HTTP/1.1\r\nHost: h\r\n\r\n", http.StatusOK}, {"no request\r\n\r\n", http.StatusBadRequest}} {
			if _, err := io.WriteString(near, step.send); err != nil {
				t.Error(err)
			}
			answer, err := http.ReadResponse(answers, nil)
			if err != nil || answer.StatusCode != step.want {
				t.Fatalf("%q: %v, %v", step.send, answer, err)
			}
			_, _ = io.Copy(io.Discard, answer.Body)
			if err := aio.Sleep(ctx, 15*time.Second); err != nil {
				t.Error(err)
			}
		}
		_ = near.Close()
		if _, err := serving.Await(ctx); err != nil {
			t.Error(err)
		}
	})
}

// late is a body whose end shows a little after its last byte.
type late struct {
	ctx  context.Context
	sent bool
}

func (l *late) Read(p []byte) (int, error) {
	if !l.sent {
		l.sent = true
		return copy(p, "hello"), nil
	}
	if err := aio.Sleep(l.ctx, 20*time.Millisecond); err != nil {
		return 0, err
	}
	return 0, io.EOF
}

// A connection is used again although the server's answer was read before the
// sending of the request was over.
func TestAnswerBeforeSendingIsOver(t *testing.T) {
	peers := map[string]bool{}
	for _, answer := range []string{"", "hello"} {
		clear(peers)
		handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			peers[r.RemoteAddr] = true
			_, _ = io.WriteString(w, answer)
		})
		Run(t, handler, func(ctx context.Context, client *http.Client) {
			for range 3 {
				request, err := http.NewRequestWithContext(ctx, "POST", "/", &late{ctx: ctx})
				if err != nil {
					t.Fatal(err)
				}
				request.ContentLength = 5
				response, err := client.Do(request)
				if text := read(t, response, err); text != answer {
					t.Errorf("%q", text)
				}
			}
		})
		if len(peers) != 1 {
			t.Errorf("answer %q: connections %v", answer, peers)
		}
	}
}

// IdleConnTimeout is on the loop's clock, and so is what a trace hears of it.
func TestIdleConnTimeout(t *testing.T) {
	peers := map[string]bool{}
	aiotest.Run(t, func(ctx context.Context) {
		s := NewServer(ctx, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { peers[r.RemoteAddr] = true }))
		s.Transport().IdleConnTimeout = time.Minute
		for i, step := range []struct {
			pause  time.Duration
			reused bool
		}{{0, false}, {59 * time.Second, true}, {59 * time.Second, true}, {61 * time.Second, false}} {
			if err := aio.Sleep(ctx, step.pause); err != nil {
				t.Fatal(err)
			}
			var got httptrace.GotConnInfo
			request, err := http.NewRequestWithContext(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
				GotConn: func(info httptrace.GotConnInfo) { got = info },
			}), "GET", "/", nil)
			if err != nil {
				t.Fatal(err)
			}
			response, err := s.Client().Do(request)
			read(t, response, err)
			if got.Reused != step.reused || step.reused && got.IdleTime != step.pause {
				t.Errorf("request %d: reused %v, idle for %v", i, got.Reused, got.IdleTime)
			}
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	if len(peers) != 2 {
		t.Error(peers)
	}
}

// A server's limits for heads and for idle connections are virtual time's.
func TestServerLimits(t *testing.T) {
	for name, c := range map[string]struct {
		send string
		want time.Duration
	}{
		"nothing":     {"", 10 * time.Second},
		"half a head": {"GET / HTTP/1.1\r\n", 10 * time.Second},
		"idle":        {"GET / HTTP/1.1\r\nHost: h\r\n\r\n", time.Minute},
		"half a body": {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nhell", 20 * time.Second},
	} {
		aiotest.Run(t, func(ctx context.Context) {
			server := &aiohttp.Server{
				ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 20 * time.Second, IdleTimeout: time.Minute,
				Handler: aiohttp.OnLoop(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					_, _ = io.Copy(io.Discard, r.Body)
				})),
			}
			l := loop.Of(ctx)
			start := l.Now()
			near, far := newPipe(l, "client", "server")
			serving := aio.Go(ctx, func(ctx context.Context) error { return server.ServeConn(ctx, far) })
			if _, err := io.WriteString(near, c.send); err != nil {
				t.Error(err)
			}
			if _, err := serving.Await(ctx); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if passed := l.Now().Sub(start).Round(100 * time.Millisecond); passed < c.want || passed > c.want+time.Second {
				t.Errorf("%s: closed after %v", name, passed)
			}
			_ = near.Close()
		})
	}
}

// ReadTimeout is for the head and the body together.
func TestReadTimeoutFromTheFirstByte(t *testing.T) {
	aiotest.Run(t, func(ctx context.Context) {
		l := loop.Of(ctx)
		var took time.Duration
		server := &aiohttp.Server{ReadTimeout: 20 * time.Second, Handler: aiohttp.OnLoop(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			began := l.Now()
			_, _ = io.Copy(io.Discard, r.Body)
			took = l.Now().Sub(began).Round(time.Second)
		}))}
		near, far := newPipe(l, "client", "server")
		serving := aio.Go(ctx, func(ctx context.Context) error { return server.ServeConn(ctx, far) })
		for _, piece := range []string{"POST / HTTP/1.1\r\nHost: h\r\n", "Content-Length: 9\r\n\r\n"} {
			if _, err := io.WriteString(near, piece); err != nil {
				t.Error(err)
			}
			if err := aio.Sleep(ctx, 5*time.Second); err != nil {
				t.Error(err)
			}
		}
		if _, err := serving.Await(ctx); err != nil {
			t.Error(err)
		}
		if took != 15*time.Second {
			t.Errorf("the body had %v", took)
		}
		_ = near.Close()
	})
}

// The access log says how long a request took on the loop's clock.
func TestAccessLogUnderVirtualTime(t *testing.T) {
	var log strings.Builder
	aiotest.Run(t, func(ctx context.Context) {
		s := NewServer(ctx, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _ = aio.Sleep(r.Context(), time.Hour) }))
		s.Config.AccessLog = slog.New(slog.NewTextHandler(&log, nil))
		response, err := s.Client().Get("/")
		read(t, response, err)
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	if !strings.Contains(log.String(), "took=1h0m0s") {
		t.Error(log.String())
	}
}

// A handler may need the client of its own server, and runs on the loop wherever it
// was given.
func TestHandlerThatAsksItsServer(t *testing.T) {
	aiotest.Run(t, func(ctx context.Context) {
		s := NewServer(ctx, nil)
		client := s.Client()
		s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if loop.Current() == nil {
				t.Error("the handler runs on a goroutine")
			}
			if r.URL.Path != "/outer" {
				_ = aio.Sleep(r.Context(), time.Hour)
				return
			}
			limited, cancel := aio.WithTimeout(r.Context(), time.Second)
			defer cancel()
			request, err := http.NewRequestWithContext(limited, "GET", "/inner", nil)
			if err != nil {
				t.Error(err)
				return
			}
			_, err = client.Do(request)
			fmt.Fprint(w, errors.Is(err, context.DeadlineExceeded))
		})
		response, err := client.Get("/outer")
		if text := read(t, response, err); text != "true" {
			t.Error(text)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}

// A response's Date is the loop's, on which an hour passes at once.
func TestDateIsOfTheLoopsClock(t *testing.T) {
	Run(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), func(ctx context.Context, client *http.Client) {
		for range 2 {
			response, err := client.Get("/")
			if err != nil {
				t.Fatal(err)
			}
			if got, want := response.Header.Get("Date"), loop.Current().Now().UTC().Format(http.TimeFormat); got != want {
				t.Errorf("Date is %q, want %q", got, want)
			}
			if err := aio.Sleep(ctx, time.Hour); err != nil {
				t.Fatal(err)
			}
		}
	})
}
