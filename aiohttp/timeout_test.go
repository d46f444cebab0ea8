//go:build unix && !aix

package aiohttp

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/goaio/aio"
)

// short is what times out in these tests, and long what does not.
const (
	short = 30 * time.Millisecond
	long  = time.Minute
)

// readAll reads until the server closes.
func readAll(t *testing.T, c io.Reader) string {
	t.Helper()
	got, err := io.ReadAll(c)
	if err != nil {
		t.Errorf("after %q: %v", got, err)
	}
	return string(got)
}

func TestIdleTimeout(t *testing.T) {
	for _, begin := range []func(testing.TB, *Server) string{start, startTLS} {
		for name, s := range map[string]*Server{
			"IdleTimeout":            {IdleTimeout: short, ReadHeaderTimeout: long},
			"ReadTimeout instead":    {ReadTimeout: short},
			"the next one is longer": {IdleTimeout: short, ReadTimeout: long},
		} {
			t.Run(name, func(t *testing.T) {
				s.Handler, s.Log = OnLoop(router()), silent()
				address := begin(t, s)
				got := ""
				for tries := 0; got == "" && tries < 20; tries++ { // a machine that stalls is too late with the request too
					c := dial(t, address)
					io.WriteString(c, "GET /hello HTTP/1.1\r\nHost: h\r\n\r\n")
					got = readAll(t, c)
				}
				if !strings.HasSuffix(got, "hello") {
					t.Errorf("got %q", got)
				}
			})
		}
	}
}

// A connection may wait for its first request as long as for a head, with TLS
// too, after the handshake.
func TestAConnectionThatAsksForNothing(t *testing.T) {
	for _, begin := range []func(testing.TB, *Server) string{start, startTLS} {
		c := dial(t, begin(t, &Server{Handler: OnLoop(router()), Log: silent(), ReadHeaderTimeout: short, IdleTimeout: long}))
		if got := readAll(t, c); got != "" {
			t.Errorf("got %q", got)
		}
	}
}

// A handler that takes its time is not idle.
func TestNoTimeoutWhileAHandlerRuns(t *testing.T) {
	both(t, func(t *testing.T, mark func(http.Handler) http.Handler) {
		address := start(t, &Server{Log: silent(), IdleTimeout: short, ReadTimeout: short, Handler: mark(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if err := aio.Sleep(r.Context(), 4*short); err != nil {
				t.Error(err)
			}
			io.WriteString(w, "slow")
		}))})
		if got := roundTrip(t, address, "GET /"+end); !strings.HasSuffix(got, "slow") {
			t.Errorf("got %q", got)
		}
	})
}

func TestReadTimeout(t *testing.T) {
	both(t, func(t *testing.T, mark func(http.Handler) http.Handler) {
		failed := make(chan error, 1)
		address := start(t, &Server{Log: silent(), ReadTimeout: short, Handler: mark(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, err := io.ReadAll(r.Body)
			failed <- err
		}))})
		c := dial(t, address)
		// Two in a row: the first one's deadline is not the second's.
		io.WriteString(c, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx")
		if err := <-failed; err != nil {
			t.Error(err)
		}
		io.WriteString(c, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nsome")
		if err := <-failed; !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error(err)
		}
		readAll(t, c)
	})
}

func TestWriteTimeout(t *testing.T) {
	both(t, func(t *testing.T, mark func(http.Handler) http.Handler) {
		failed := make(chan error, 1)
		address := start(t, &Server{Log: silent(), WriteTimeout: 2 * short, Handler: mark(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			p := make([]byte, 1<<20)
			for {
				if _, err := w.Write(p); err != nil {
					failed <- err
					return
				}
			}
		}))})
		c := dial(t, address)
		io.WriteString(c, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
		if err := <-failed; !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error(err)
		}
	})
}

// http.ResponseController moves the deadlines of one request.
func TestResponseControllerDeadlines(t *testing.T) {
	for _, s := range subjects() {
		t.Run(s.name, func(t *testing.T) {
			failed := make(chan error, 2)
			address := s.serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				controller := http.NewResponseController(w)
				if err := controller.SetReadDeadline(time.Now().Add(short)); err != nil {
					t.Error(err)
				}
				_, err := io.ReadAll(r.Body)
				failed <- err
				if err := controller.SetWriteDeadline(time.Now().Add(-time.Second)); err != nil {
					t.Error(err)
				}
				_, _ = w.Write(make([]byte, 1<<20))
				failed <- controller.Flush()
			}))
			c := dial(t, address)
			fmt.Fprint(c, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nsome")
			for _, what := range []string{"read", "write"} {
				if err := <-failed; !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("%s: %v", what, err)
				}
			}
		})
	}
}
