//go:build unix && !aix

package aionet

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"

	"github.com/goaio/aio"
)

// begin starts a server on a loop of its own.
func begin(t *testing.T, s *Server) (address string, served <-chan error) {
	t.Helper()
	l, err := Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(context.Background(), l) }()
	return l.Addr().String(), ended
}

func TestCloseEndsConnectionsAtOnce(t *testing.T) {
	inEachForm(t, func(t *testing.T, h Handler) {
		s := NewServer(h, Loops(2))
		address, served := begin(t, s)
		var clients []net.Conn
		for range 4 {
			c := dialServer(t, address)
			ask(t, c)
			clients = append(clients, c)
		}
		for range 2 {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
		for _, c := range clients {
			if n, err := c.Read(make([]byte, 1)); n > 0 || err == nil {
				t.Error("a connection is open")
			}
		}
		if err := <-served; err != ErrServerClosed {
			t.Errorf("Serve returned %v", err)
		}
		// A Shutdown after it waits for the loops and has nothing to report.
		if err := s.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

// Handlers are cancelled with a cause. The connection of one that goes on all the
// same is closed under it.
func TestCloseCancelsHandlers(t *testing.T) {
	var finish aio.Event
	begun, cause := make(chan struct{}), make(chan error, 1)
	s := NewServer(PerConnection(func(ctx context.Context, c *Conn) error {
		close(begun)
		_ = (&aio.Event{}).Wait(ctx)
		cause <- context.Cause(ctx)
		return finish.Wait(context.WithoutCancel(ctx))
	}))
	address, served := begin(t, s)
	c := dialServer(t, address)
	<-begun
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := <-cause; !errors.Is(err, ErrServerClosed) {
		t.Errorf("cause %v", err)
	}
	_, _ = io.ReadAll(c) // to its end, which may be a reset
	finish.Set()
	<-served
	if err := s.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
}

// Close and Serve at the same time leave nothing behind, whoever is first, in a
// task of the server's own loop too.
func TestCloseWhileStarting(t *testing.T) {
	for range 100 {
		s := NewServer(handlers["per event"], Loops(2))
		address, served := begin(t, s)
		go func() {
			if c, err := net.Dial("tcp", address); err == nil {
				c.Close()
			}
		}()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if err := <-served; !errors.Is(err, ErrServerClosed) {
			t.Errorf("Serve returned %v", err)
		}
		if err := s.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		run(t, func(ctx context.Context) error {
			l, err := Listen(ctx, "tcp", "127.0.0.1:0")
			if err != nil {
				return err
			}
			s := NewServer(handlers["per event"])
			serving := aio.Go(ctx, func(ctx context.Context) error { return s.Serve(ctx, l) })
			if err := aio.Yield(ctx); err != nil {
				return err
			}
			if err := s.Close(); err != nil {
				return err
			}
			if _, err := serving.Await(ctx); !errors.Is(err, ErrServerClosed) {
				t.Errorf("Serve returned %v", err)
			}
			return nil
		})
	}
}
