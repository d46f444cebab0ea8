//go:build unix && !aix

package aiohttp

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"runtime"
	"testing"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aionet"
)

// Close ends every connection at once, whatever is under way on it, and the
// handlers' contexts with them.
func TestClose(t *testing.T) {
	for _, begin := range []func(testing.TB, *Server) string{start, startTLS} {
		both(t, func(t *testing.T, mark func(http.Handler) http.Handler) {
			begun, ended := make(chan struct{}), make(chan error, 1)
			s := &Server{Log: silent(), Workers: 1, DrainTimeout: time.Hour, Handler: mark(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/idle" {
					return
				}
				begun <- struct{}{}
				_ = (&aio.Event{}).Wait(r.Context())
				ended <- context.Cause(r.Context())
			}))}
			address := begin(t, s)
			idle := dial(t, address)
			io.WriteString(idle, "GET /idle HTTP/1.1\r\nHost: h\r\n\r\n")
			answers := bufio.NewReader(idle)
			if answer, err := http.ReadResponse(answers, nil); err != nil || answer.StatusCode != http.StatusOK {
				t.Fatal(answer, err)
			}
			busy, partial := dial(t, address), dial(t, address)
			io.WriteString(busy, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
			io.WriteString(partial, "GET / HTTP/1.1\r\nHo")
			<-begun
			for range 2 {
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			}
			if err := <-ended; !errors.Is(err, aionet.ErrServerClosed) {
				t.Errorf("cause %v", err)
			}
			for name, c := range map[string]io.Reader{"idle": answers, "busy": busy, "partial": partial} {
				if got, _ := io.ReadAll(c); len(got) > 0 {
					t.Errorf("%s: got %q", name, got)
				}
			}
			if err := s.Shutdown(context.Background()); err != nil {
				t.Errorf("a Shutdown after it: %v", err)
			}
		})
	}
}

// A request that waits for a worker is dropped.
func TestCloseDropsWhatWaitsForAWorker(t *testing.T) {
	begun, release, calls := make(chan struct{}), make(chan struct{}), 0
	s := &Server{Log: silent(), Workers: 1, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls++
		close(begun)
		<-release
	})}
	address := start(t, s)
	running, waiting := dial(t, address), dial(t, address)
	io.WriteString(running, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
	<-begun
	io.WriteString(waiting, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
	for s.workers.Stats().Queued == 0 {
		runtime.Gosched()
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if got, _ := io.ReadAll(waiting); len(got) > 0 {
		t.Errorf("got %q", got)
	}
	close(release)
	if err := s.Shutdown(context.Background()); err != nil || calls != 1 {
		t.Errorf("%v; the handler was called %d times", err, calls)
	}
}

func TestHTTP2Close(t *testing.T) {
	begun, ended := make(chan struct{}), make(chan error, 1)
	speakHTTP2(t, quietServer, func(t *testing.T, s *Server, client *http.Client, url string) {
		go func() {
			<-begun
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}()
		if _, err := client.Get(url); err == nil {
			t.Error("an answer")
		}
		if err := <-ended; !aio.IsCancelled(err) {
			t.Error(err)
		}
		if err := s.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	}, func(w http.ResponseWriter, r *http.Request) {
		begun <- struct{}{}
		ended <- (&aio.Event{}).Wait(r.Context())
	})
}

// ListenAndServe ends when the server is closed, and sets nothing up after it.
func TestServeAfterClose(t *testing.T) {
	err := aio.Run(context.Background(), func(ctx context.Context) error {
		cleaned := false
		s := &Server{Addr: "127.0.0.1:0", Handler: OnLoop(router()), Log: silent(),
			OnCleanup: func(context.Context) error { cleaned = true; return nil }}
		serving := aio.Go(ctx, s.ListenAndServe)
		for range 3 {
			if err := aio.Yield(ctx); err != nil {
				return err
			}
		}
		if err := s.Close(); err != nil {
			return err
		}
		if _, err := serving.Await(ctx); err != ErrServerClosed {
			t.Errorf("got %v", err)
		}
		s.OnStartup = func(context.Context) error { t.Error("set up again"); return nil }
		if err := s.ListenAndServe(ctx); err != ErrServerClosed {
			t.Errorf("again: %v", err)
		}
		if cleaned {
			t.Error("Close has called OnCleanup")
		}
		if err := s.Shutdown(ctx); err != nil || !cleaned {
			t.Errorf("Shutdown: %v, cleaned up: %v", err, cleaned)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// Settings that are net/http's too do what they do there.
func TestSettingsOfBoth(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.RequestURI) })
	for name, options := range map[string]bool{"OPTIONS *": false, "OPTIONS * for the handler": true} {
		t.Run(name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			standard := &http.Server{Handler: h, DisableGeneralOptionsHandler: options, ErrorLog: quiet()}
			go standard.Serve(l)
			defer standard.Close()
			ours := &Server{Handler: OnLoop(h), DisableGeneralOptionsHandler: options, Log: silent()}
			address := start(t, ours)
			compare := func(request string) {
				t.Helper()
				want, got := normal(roundTrip(t, l.Addr().String(), request)), normal(roundTrip(t, address, request))
				if got != want || want == "" {
					t.Errorf("got %q, want %q", got, want)
				}
			}
			compare("OPTIONS *" + end)
			standard.SetKeepAlivesEnabled(false)
			ours.SetKeepAlivesEnabled(false)
			compare("GET /one HTTP/1.1\r\nHost: h\r\n\r\nGET /two HTTP/1.1\r\nHost: h\r\n\r\n")
			standard.SetKeepAlivesEnabled(true)
			ours.SetKeepAlivesEnabled(true)
			compare("GET /one HTTP/1.1\r\nHost: h\r\n\r\nGET /two" + end)
		})
	}
}
