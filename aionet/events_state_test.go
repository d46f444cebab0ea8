//go:build unix && !aix

package aionet

import (
	"context"
	"errors"
	"io"
	"testing"

	"github.com/goaio/aio"
)

// recorded is an EventHandler that echoes and tells of its end.
type recorded struct {
	c      *Conn
	closed *aio.Event
}

func (r recorded) Event(ctx context.Context) error { return echoEvent(ctx, r.c) }
func (r recorded) HungUp()                         {}
func (r recorded) Closed()                         { r.closed.Set() }

// served starts a server, hands its address to fn, and stops it.
func withServer(t *testing.T, handler Handler, fn func(ctx context.Context, address string) error) {
	t.Helper()
	run(t, func(ctx context.Context) error {
		l, err := Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		s := NewServer(handler)
		serving := aio.Go(ctx, func(ctx context.Context) error { return s.Serve(ctx, l) })
		err = fn(ctx, l.Addr().String())
		if err := s.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		if _, ended := serving.Await(ctx); ended != ErrServerClosed {
			t.Errorf("Serve ended with %v", ended)
		}
		return err
	})
}

func TestAnIdleConnectionThatIsClosedIsForgotten(t *testing.T) {
	for name, end := range map[string]func(client *Conn, server *Conn) error{
		"by the peer":           func(client, _ *Conn) error { return client.Close() },
		"by a task of its loop": func(_, server *Conn) error { return server.Close() },
		"by a goroutine": func(_, server *Conn) error {
			closed := make(chan error)
			go func() { closed <- server.Close() }()
			return <-closed
		},
	} {
		t.Run(name, func(t *testing.T) {
			closed := &aio.Event{}
			var server *Conn
			withServer(t, Events(func(c *Conn) EventHandler { server = c; return recorded{c, closed} }),
				func(ctx context.Context, address string) error {
					client, err := Dial(ctx, "tcp", address)
					if err != nil {
						return err
					}
					defer client.Close()
					var buffer [4]byte
					if _, err := client.Write(buffer[:]); err != nil {
						return err
					}
					if _, err := client.Read(buffer[:]); err != nil {
						return err
					}
					if err := end(client, server); err != nil {
						return err
					}
					return closed.Wait(ctx)
				})
		})
	}
}

// listening is an EventHandler that waits for the peer to hang up.
type listening struct {
	c                   *Conn
	begun, heard, ended *aio.Event
}

func (l listening) Event(ctx context.Context) error {
	l.begun.Set()
	if err := l.heard.Wait(ctx); err != nil {
		return err
	}
	if !l.c.HungUp() {
		return errors.New("heard of what has not happened")
	}
	return io.EOF
}
func (l listening) HungUp() { l.heard.Set() }
func (l listening) Closed() { l.ended.Set() }

func TestAHandlerHearsThatThePeerHungUp(t *testing.T) {
	begun, heard, ended := &aio.Event{}, &aio.Event{}, &aio.Event{}
	withServer(t, Events(func(c *Conn) EventHandler { return listening{c, begun, heard, ended} }),
		func(ctx context.Context, address string) error {
			client, err := Dial(ctx, "tcp", address)
			if err != nil {
				return err
			}
			defer client.Close()
			if _, err := client.Write([]byte("x")); err != nil {
				return err
			}
			if err := begun.Wait(ctx); err != nil {
				return err
			}
			if err := client.CloseWrite(); err != nil {
				return err
			}
			return ended.Wait(ctx)
		})
}

// detaching is an EventHandler that gives its connection away.
type detaching struct {
	c      *Conn
	taken  chan *Conn
	closed *aio.Event
}

func (d detaching) Event(context.Context) error { d.taken <- d.c; return ErrDetach }
func (d detaching) HungUp()                     {}
func (d detaching) Closed()                     { d.closed.Set() }

func TestADetachedConnectionLivesOn(t *testing.T) {
	taken, closed := make(chan *Conn, 1), &aio.Event{}
	var client *Conn
	withServer(t, Events(func(c *Conn) EventHandler { return detaching{c, taken, closed} }),
		func(ctx context.Context, address string) (err error) {
			if client, err = Dial(ctx, "tcp", address); err != nil {
				return err
			}
			if _, err := client.Write([]byte("x")); err != nil {
				return err
			}
			return closed.Wait(ctx)
		})
	server := <-taken
	defer client.Close()
	defer server.Close()
	var b [1]byte
	if _, err := server.Read(b[:]); err != nil || b[0] != 'x' {
		t.Errorf("read %q, %v after the server was shut down", b, err)
	}
}
