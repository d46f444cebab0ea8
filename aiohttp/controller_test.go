//go:build unix && !aix

package aiohttp

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aionet"
)

// A handler may answer before it has read all, if it says so.
func TestFullDuplex(t *testing.T) {
	for _, s := range subjects() {
		t.Run(s.name, func(t *testing.T) {
			address := s.serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				controller := http.NewResponseController(w)
				if err := controller.EnableFullDuplex(); err != nil {
					t.Error(err)
				}
				in := bufio.NewReader(r.Body)
				for {
					line, err := in.ReadString('\n')
					if err != nil {
						return
					}
					io.WriteString(w, strings.ToUpper(line))
					if err := controller.Flush(); err != nil {
						t.Error(err)
					}
				}
			}))
			c := dial(t, address)
			fmt.Fprint(c, "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
			answer := (*http.Response)(nil)
			var lines *bufio.Reader
			for i := range 3 {
				fmt.Fprintf(c, "6\r\nline%d\n\r\n", i)
				if answer == nil {
					var err error
					if answer, err = http.ReadResponse(bufio.NewReader(c), nil); err != nil {
						t.Fatal(err)
					}
					lines = bufio.NewReader(answer.Body)
				}
				if line, err := lines.ReadString('\n'); line != fmt.Sprintf("LINE%d\n", i) || err != nil {
					t.Fatalf("got %q, %v", line, err)
				}
			}
			fmt.Fprint(c, "0\r\n\r\n")
			if rest, err := io.ReadAll(lines); len(rest) > 0 || err != nil {
				t.Errorf("%q, %v", rest, err)
			}
		})
	}
}

// MaxBytesReader bounds a body, with a length and without.
func TestMaxBytesReader(t *testing.T) {
	for _, s := range subjects() {
		t.Run(s.name, func(t *testing.T) {
			address := s.serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1000))
				if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
					http.Error(w, "too large", http.StatusRequestEntityTooLarge)
				}
			}))
			body := strings.Repeat("x", 300<<10)
			for _, request := range []string{
				"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 307200\r\n\r\n" + body,
				"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n4b000\r\n" + body + "\r\n0\r\n\r\n",
			} {
				c := dial(t, address)
				go io.WriteString(c, request)
				answer, err := http.ReadResponse(bufio.NewReader(c), nil)
				if err != nil || answer.StatusCode != http.StatusRequestEntityTooLarge || !answer.Close {
					t.Errorf("%v, %v", answer, err)
				}
			}
		})
	}
}

// states collects what ConnState hears.
type states struct {
	mu   sync.Mutex
	more *sync.Cond
	all  map[string][]http.ConnState
}

func newStates() *states {
	s := &states{all: map[string][]http.ConnState{}}
	s.more = sync.NewCond(&s.mu)
	return s
}

func (s *states) hear(c net.Conn, state http.ConnState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := c.RemoteAddr().String()
	s.all[key] = append(s.all[key], state)
	s.more.Broadcast()
}

// of returns what was heard of a client's connection once last was.
func (s *states) of(c net.Conn, last http.ConnState) []http.ConnState {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		if heard := s.all[c.LocalAddr().String()]; slices.Contains(heard, last) {
			return slices.Clone(heard)
		}
		s.more.Wait()
	}
}

func TestConnState(t *testing.T) {
	for _, begin := range []func(testing.TB, *Server) string{start, startTLS} {
		both(t, func(t *testing.T, mark func(http.Handler) http.Handler) {
			heard := newStates()
			s := &Server{Handler: mark(router()), Log: silent(), ConnState: heard.hear}
			address := begin(t, s)
			for request, want := range map[string][]http.ConnState{
				"":             {http.StateNew, http.StateClosed},
				"GET /hello":   {http.StateNew, http.StateActive, http.StateIdle, http.StateClosed},
				"GET /hijack":  {http.StateNew, http.StateActive, http.StateHijacked},
				"nonsense\r\n": {http.StateNew, http.StateActive, http.StateClosed},
			} {
				c := dial(t, address)
				switch {
				case strings.HasPrefix(request, "GET /hello"):
					io.WriteString(c, request+" HTTP/1.1\r\nHost: h\r\n\r\n")
					answer, err := http.ReadResponse(bufio.NewReader(c), nil)
					if err != nil {
						t.Fatal(err)
					}
					io.Copy(io.Discard, answer.Body)
					heard.of(c, http.StateIdle)
				case request == "GET /hijack":
					io.WriteString(c, request+" HTTP/1.1\r\nHost: h\r\n\r\n\n")
				case request != "":
					io.WriteString(c, request+end)
				}
				if request != "" {
					c.CloseWrite()
					io.Copy(io.Discard, c)
				}
				c.Close()
				if got := heard.of(c, want[len(want)-1]); !slices.Equal(got, want) {
					t.Errorf("%q: got %v, want %v", request, got, want)
				}
			}
		})
	}
}

// The contexts that the server was given hand down their values, and their end.
func TestBaseContextAndConnContext(t *testing.T) {
	type key struct{}
	both(t, func(t *testing.T, mark func(http.Handler) http.Handler) {
		cause := errors.New("enough")
		base, stop := context.WithCancelCause(context.WithValue(context.Background(), key{}, "base"))
		ended := make(chan error, 1)
		address := start(t, &Server{Log: silent(),
			BaseContext: func(l net.Listener) context.Context {
				if _, is := l.(*aionet.Listener); !is {
					t.Errorf("%T", l)
				}
				return base
			},
			ConnContext: func(ctx context.Context, c net.Conn) context.Context {
				return context.WithValue(ctx, key{}, fmt.Sprint(ctx.Value(key{}), " ", c.LocalAddr().Network()))
			},
			Handler: mark(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/wait" {
					stop(cause)
					if err := aio.Sleep(r.Context(), time.Hour); !aio.IsCancelled(err) {
						t.Error(err)
					}
					ended <- context.Cause(r.Context())
				}
				fmt.Fprint(w, r.Context().Value(key{}))
			})),
		})
		if got := roundTrip(t, address, "GET /"+end); !strings.HasSuffix(got, "base tcp") {
			t.Errorf("got %q", got)
		}
		c := dial(t, address)
		fmt.Fprint(c, "GET /wait HTTP/1.1\r\nHost: h\r\n\r\n")
		if err := <-ended; err != cause {
			t.Errorf("got %v", err)
		}
	})
}

func TestTheAccessLog(t *testing.T) {
	both(t, func(t *testing.T, mark func(http.Handler) http.Handler) {
		var mu sync.Mutex
		var log bytes.Buffer
		address := start(t, &Server{Handler: mark(router()), Log: silent(), AccessLog: slog.New(slog.NewTextHandler(&locked{&mu, &log}, nil))})
		roundTrip(t, address, "GET /hello?q=1 HTTP/1.1\r\nHost: h\r\n\r\nHEAD /large HTTP/1.1\r\nHost: h\r\n\r\nGET /panic"+end)
		mu.Lock()
		defer mu.Unlock()
		lines := strings.Split(strings.TrimSpace(log.String()), "\n")
		if len(lines) != 3 {
			t.Fatalf("got %q", lines)
		}
		for i, want := range []string{
			`method=GET target="/hello?q=1" protocol=HTTP/1.1 status=200 bytes=5 took=`,
			`method=HEAD target=/large protocol=HTTP/1.1 status=200 bytes=160000 took=`,
			`method=GET target=/panic protocol=HTTP/1.1 status=0 bytes=0 took=`,
		} {
			if !strings.Contains(lines[i], want) || !strings.Contains(lines[i], "peer=127.0.0.1:") {
				t.Errorf("got %q, want %q", lines[i], want)
			}
		}
	})
}

// A goroutine that a handler has left behind harms nobody.
func TestAWriteAfterTheHandler(t *testing.T) {
	both(t, func(t *testing.T, mark func(http.Handler) http.Handler) {
		left := make(chan http.ResponseWriter, 1)
		closed := make(chan struct{})
		hear := func(_ net.Conn, state http.ConnState) {
			if state == http.StateClosed {
				close(closed)
			}
		}
		address := start(t, &Server{Log: silent(), ConnState: hear, Handler: mark(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			left <- w
		}))})
		roundTrip(t, address, "GET /"+end)
		w := <-left
		<-closed
		if _, err := io.WriteString(w, "late"); err == nil {
			t.Error("written")
		}
		if http.NewResponseController(w).Flush() == nil {
			t.Error("flushed")
		}
		if _, _, err := http.NewResponseController(w).Hijack(); err == nil {
			t.Error("hijacked")
		}
	})
}
