//go:build unix && !aix

package aiohttp

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aionet"
)

func TestListenAndServeEndsWithItsContext(t *testing.T) {
	for name, serve := range map[string]func(*Server, context.Context) error{
		"plain": (*Server).ListenAndServe,
		"TLS": func(s *Server, ctx context.Context) error {
			s.TLSConfig = identity().TLS
			return s.ListenAndServeTLS(ctx, "", "")
		},
	} {
		t.Run(name, func(t *testing.T) {
			enough := errors.New("enough")
			var steps []string
			err := aio.Run(context.Background(), func(ctx context.Context) error {
				s := &Server{Addr: "127.0.0.1:0", Handler: OnLoop(router()), Log: silent(), Loops: 2}
				s.OnStartup = func(ctx context.Context) error {
					err := aio.Sleep(ctx, 0)
					steps = append(steps, "startup")
					return err
				}
				s.OnCleanup = func(ctx context.Context) error {
					steps = append(steps, "cleanup")
					return aio.Sleep(ctx, 0) // its context is live
				}
				serving := aio.Go(ctx, func(ctx context.Context) error { return serve(s, ctx) })
				for len(steps) == 0 {
					if err := aio.Sleep(ctx, 0); err != nil {
						return err
					}
				}
				serving.Cancel(enough)
				_, err := serving.Await(ctx)
				if !aio.IsCancelled(err) {
					t.Errorf("got %v", err)
				}
				if err := s.Shutdown(ctx); err != nil {
					t.Errorf("another one: %v", err)
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
			if !slices.Equal(steps, []string{"startup", "cleanup"}) {
				t.Errorf("%v", steps)
			}
		})
	}
}

// A server that could not be set up does not serve, and has nothing to clean up.
func TestOnStartupFails(t *testing.T) {
	broken := errors.New("no database")
	err := aio.Run(context.Background(), func(ctx context.Context) error {
		s := &Server{
			OnStartup: func(context.Context) error { return broken },
			OnCleanup: func(context.Context) error { t.Error("cleaned up"); return nil },
		}
		for range 2 {
			l, err := aionet.Listen(ctx, "tcp", "127.0.0.1:0")
			if err != nil {
				return err
			}
			if err := s.Serve(ctx, l); err != broken {
				t.Errorf("got %v", err)
			}
		}
		return s.Shutdown(ctx)
	})
	if err != nil {
		t.Error(err)
	}
}

// What Shutdown tells is told once, and RegisterOnShutdown's are called by it,
// also those that a handler registers.
func TestOnShutdown(t *testing.T) {
	var called sync.WaitGroup
	called.Add(2)
	s := &Server{Log: silent()}
	s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Context().Value(http.ServerContextKey).(*http.Server).RegisterOnShutdown(called.Done)
		io.WriteString(w, "registered")
	})
	address := start(t, s)
	roundTrip(t, address, "GET /"+end)
	s.RegisterOnShutdown(called.Done)
	for range 3 {
		if err := s.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	}
	called.Wait()
}

// What does not finish in time is cancelled, and the report says so.
func TestShutdownCancelsWhatIsLeft(t *testing.T) {
	both(t, func(t *testing.T, mark func(http.Handler) http.Handler) {
		begun, ended := make(chan struct{}), make(chan error, 1)
		s := &Server{Log: silent(), Handler: mark(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			close(begun)
			ended <- (&aio.Event{}).Wait(r.Context())
		}))}
		address := start(t, s)
		c := dial(t, address)
		io.WriteString(c, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
		<-begun
		report := new(aionet.ShutdownError)
		if err := s.Shutdown(context.Background()); !errors.As(err, &report) || report.Cancelled != 1 || report.Left != 0 {
			t.Errorf("got %v", err)
		}
		if err := <-ended; !aio.IsCancelled(err) {
			t.Error(err)
		}
	})
}
