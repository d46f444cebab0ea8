//go:build unix && !aix

package aionet

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"testing"

	"github.com/goaio/aio"
)

// A watched connection tells what it hears.
type watched struct {
	event          func(ctx context.Context) error
	hungUp, closed chan struct{}
}

func (w *watched) Event(ctx context.Context) error { return w.event(ctx) }
func (w *watched) HungUp()                         { close(w.hungUp) }
func (w *watched) Closed()                         { close(w.closed) }

// serveTLS serves one watched connection at a time while client runs.
func serveTLS(t *testing.T, event func(ctx context.Context, c *TLSConn) error, client func(address string, w *watched) error, options ...TLSOption) {
	t.Helper()
	run(t, func(ctx context.Context) error {
		l, err := Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		w := &watched{hungUp: make(chan struct{}), closed: make(chan struct{})}
		handler := TLSEvents(serverConfig(), func(c *TLSConn) EventHandler {
			w.event = func(ctx context.Context) error { return event(ctx, c) }
			return w
		}, options...)
		serving := aio.Go(ctx, func(ctx context.Context) error { return Serve(ctx, l, handler) })
		_, err = aio.Blocking(ctx, func(context.Context) (struct{}, error) {
			return struct{}{}, client(l.Addr().String(), w)
		})
		serving.Cancel(nil)
		_, _ = serving.Await(ctx)
		return err
	})
}

// While a handler runs it hears that the client has left.
func TestTLSEventsHearOfAHangup(t *testing.T) {
	var begun, left aio.Event
	serveTLS(t, func(ctx context.Context, c *TLSConn) error {
		begun.Set()
		return errors.Join(left.Wait(ctx), io.EOF) // which ends the connection
	}, func(address string, w *watched) error {
		c, err := tls.Dial("tcp", address, clientConfig())
		if err != nil {
			return err
		}
		if _, err := c.Write([]byte("x")); err != nil {
			return err
		}
		if err := begun.Wait(context.Background()); err != nil {
			return err
		}
		if err := c.Close(); err != nil {
			return err
		}
		<-w.hungUp
		left.Set()
		<-w.closed
		return nil
	})
}

// Who detaches a connection has it to himself.
func TestTLSEventsDetach(t *testing.T) {
	taken := make(chan *TLSConn, 1)
	serveTLS(t, func(ctx context.Context, c *TLSConn) error {
		taken <- c
		return ErrDetach
	}, func(address string, w *watched) error {
		c, err := tls.Dial("tcp", address, clientConfig())
		if err != nil {
			return err
		}
		defer c.Close()
		if _, err := c.Write([]byte("echo")); err != nil {
			return err
		}
		mine := <-taken
		<-w.closed
		defer mine.Close()
		p := make([]byte, 4)
		if _, err := io.ReadFull(mine, p); err != nil || string(p) != "echo" {
			t.Errorf("%q, %v", p, err)
		}
		return nil
	})
}

// Who speaks no TLS can be told so.
func TestTLSHandshakeFailed(t *testing.T) {
	serveTLS(t, func(context.Context, *TLSConn) error {
		t.Error("an event without a handshake")
		return nil
	}, func(address string, w *watched) error {
		c, err := net.Dial("tcp", address)
		if err != nil {
			return err
		}
		defer c.Close()
		if _, err := io.WriteString(c, "HELO there\r\n"); err != nil {
			return err
		}
		got := make([]byte, 8)
		if _, err := io.ReadFull(c, got); err != nil || string(got) != "use TLS!" {
			t.Errorf("%q, %v", got, err)
		}
		<-w.closed
		return nil
	}, HandshakeFailed(func(c *TLSConn, err error) {
		if header := (tls.RecordHeaderError{}); !errors.As(err, &header) {
			t.Errorf("failed with %v", err)
		}
		if _, err := io.WriteString(c.NetConn(), "use TLS!"); err != nil {
			t.Error(err)
		}
	}))
}
