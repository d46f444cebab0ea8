//go:build unix && !aix

package aionet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/goaio/aio"
	"github.com/goaio/aio/loop"
)

// recorder is a protocol that writes down its callbacks.
type recorder struct {
	events    *aio.Queue[string]
	transport *Transport
	keepOpen  bool
	reason    error
	onMade    func()
	onData    func(data []byte)
}

func newRecorder() *recorder { return &recorder{events: aio.NewQueue[string](0)} }

func (r *recorder) note(event string) { _ = r.events.PutNoWait(event) }

func (r *recorder) ConnectionMade(t *Transport) {
	r.transport = t
	r.note("made")
	if r.onMade != nil {
		r.onMade()
	}
}

func (r *recorder) DataReceived(data []byte) {
	r.note("data " + string(data))
	if r.onData != nil {
		r.onData(data)
	}
}

func (r *recorder) EOFReceived() bool { r.note("eof"); return r.keepOpen }
func (r *recorder) PauseWriting()     { r.note("pause") }
func (r *recorder) ResumeWriting()    { r.note("resume") }
func (r *recorder) ConnectionLost(reason error) {
	r.reason = reason
	r.note(fmt.Sprintf("lost %v", reason))
}

// expect takes the next callbacks, which must be these.
func (r *recorder) expect(ctx context.Context, want ...string) error {
	for i := range want {
		var got string
		err := aio.Timeout(ctx, 10*time.Second, func(ctx context.Context) (err error) {
			got, err = r.events.Get(ctx)
			return err
		})
		if err != nil {
			return fmt.Errorf("waiting for %q: %w", want[i], err)
		}
		if got != want[i] {
			return fmt.Errorf("got %q, want %q of %q", got, want[i], want)
		}
	}
	return nil
}

// silent fails if there was any callback by the time that much has been going on.
func (r *recorder) silent(ctx context.Context) error {
	for range 3 * 8 { // a busy loop asks for events every eighth round
		if err := aio.Yield(ctx); err != nil {
			return err
		}
	}
	if event, err := r.events.GetNoWait(); err == nil {
		return fmt.Errorf("unexpected %q", event)
	}
	return nil
}

// transportPair is a transport with its protocol, and a connection as its peer.
func transportPair(ctx context.Context, p Protocol) (*Transport, *Conn, error) {
	l, err := Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	defer l.Close()
	t, err := DialProtocol(ctx, "tcp", l.Addr().String(), p)
	if err != nil {
		return nil, nil, err
	}
	peer, err := l.AcceptConn(ctx)
	return t, peer, err
}

// withTransport runs fn on a loop with a recorder's transport and its peer.
func withTransport(t *testing.T, fn func(ctx context.Context, r *recorder, peer *Conn) error, options ...aio.Option) {
	t.Helper()
	run(t, func(ctx context.Context) error {
		r := newRecorder()
		transport, peer, err := transportPair(ctx, r)
		if err != nil {
			return err
		}
		defer peer.Close()
		if err := r.expect(ctx, "made"); err != nil {
			return err
		}
		err = fn(ctx, r, peer)
		if !transport.Closed() {
			transport.Abort()
			_ = aio.Yield(ctx)
			_ = aio.Yield(ctx)
		}
		return err
	}, options...)
}

// asyncio's "Protocols", state machine: start -> connection_made [->
// data_received]* [-> eof_received]? -> connection_lost -> end.
func TestProtocolOrder(t *testing.T) {
	withTransport(t, func(ctx context.Context, r *recorder, peer *Conn) error {
		for _, message := range []string{"one", "two"} {
			if _, err := peer.Write([]byte(message)); err != nil {
				return err
			}
			if err := r.expect(ctx, "data "+message); err != nil {
				return err
			}
		}
		if err := peer.CloseWrite(); err != nil {
			return err
		}
		if err := r.expect(ctx, "eof", "lost <nil>"); err != nil {
			return err
		}
		r.transport.Abort()
		_ = r.transport.Close()
		return r.silent(ctx)
	})
}

// "connection_made() is called ... before data_received()", also for what has
// arrived before.
func TestProtocolDataThatWasThereFirst(t *testing.T) {
	run(t, func(ctx context.Context) error {
		l, err := Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer l.Close()
		client, err := Dial(ctx, "tcp", l.Addr().String())
		if err != nil {
			return err
		}
		defer client.Close()
		if _, err := client.Write([]byte("early")); err != nil {
			return err
		}
		client.Close()
		c, err := l.AcceptConn(ctx)
		if err != nil {
			return err
		}
		if err := c.WaitReadable(ctx); err != nil {
			return err
		}
		r := newRecorder()
		if _, err := StartProtocol(ctx, c, r); err != nil {
			return err
		}
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
			return fmt.Errorf("the connection that was handed over says %v", err)
		}
		return r.expect(ctx, "made", "data early", "eof", "lost <nil>")
	})
}

// "eof_received() ... may return a true value, in which case closing the
// transport is up to the protocol."
func TestProtocolHalfOpen(t *testing.T) {
	withTransport(t, func(ctx context.Context, r *recorder, peer *Conn) error {
		r.keepOpen = true
		if err := peer.CloseWrite(); err != nil {
			return err
		}
		if err := r.expect(ctx, "eof"); err != nil {
			return err
		}
		if err := r.silent(ctx); err != nil {
			return err
		}
		if _, err := r.transport.Write([]byte("still here")); err != nil {
			return err
		}
		_ = r.transport.Close()
		got, err := io.ReadAll(peer)
		if err != nil || string(got) != "still here" {
			return fmt.Errorf("the peer read %q, %v", got, err)
		}
		return r.expect(ctx, "lost <nil>")
	})
}

// "close(): ... If the transport has a buffer for outgoing data, buffered data
// will be flushed asynchronously. No more data will be received. After all
// buffered data is flushed, the protocol's connection_lost() method will be
// called with None as its argument."
func TestTransportCloseFlushes(t *testing.T) {
	withTransport(t, func(ctx context.Context, r *recorder, peer *Conn) error {
		const size = 8 << 20
		if _, err := r.transport.Write(make([]byte, size)); err != nil {
			return err
		}
		if err := r.expect(ctx, "pause"); err != nil {
			return err
		}
		_ = r.transport.Close()
		if !r.transport.IsClosing() {
			return errors.New("the transport is not closing")
		}
		if _, err := r.transport.Write([]byte("too late")); !errors.Is(err, net.ErrClosed) {
			return fmt.Errorf("a write after close: %v", err)
		}
		if n, err := io.CopyN(io.Discard, peer, size); err != nil {
			return fmt.Errorf("after %d bytes: %w", n, err)
		}
		return r.expect(ctx, "resume", "lost <nil>")
	})
}

func TestTransportReceivesNothingAfterClose(t *testing.T) {
	withTransport(t, func(ctx context.Context, r *recorder, peer *Conn) error {
		_, _ = r.transport.Write(make([]byte, 8<<20))
		_ = r.transport.Close()
		if _, err := peer.Write([]byte("too late")); err != nil {
			return err
		}
		if err := r.expect(ctx, "pause"); err != nil {
			return err
		}
		return r.silent(ctx)
	})
}

// "abort(): Close the transport immediately, without waiting for pending
// operations to complete. Buffered data will be lost. ... connection_lost()
// method will eventually be called with None as its argument."
func TestTransportAbort(t *testing.T) {
	withTransport(t, func(ctx context.Context, r *recorder, peer *Conn) error {
		const size = 8 << 20
		_, _ = r.transport.Write(make([]byte, size))
		r.transport.Abort()
		r.transport.Abort()
		if r.transport.WriteBufferSize() != 0 {
			return errors.New("something is buffered after Abort")
		}
		if err := r.expect(ctx, "pause", "lost <nil>"); err != nil {
			return err
		}
		if n, _ := io.Copy(io.Discard, peer); n == size {
			return errors.New("all arrived in spite of Abort")
		}
		return r.silent(ctx)
	})
}

// ConnectionLost is called in a later round, never from within the call that
// closes.
func TestConnectionLostComesLater(t *testing.T) {
	withTransport(t, func(ctx context.Context, r *recorder, peer *Conn) error {
		_ = r.transport.Close()
		if n := r.events.Len(); n != 0 {
			return fmt.Errorf("%d callbacks within Close", n)
		}
		return r.expect(ctx, "lost <nil>")
	})
}

// "connection_lost(exc): ... The argument is either an exception object or
// None."
func TestProtocolReset(t *testing.T) {
	withTransport(t, func(ctx context.Context, r *recorder, peer *Conn) error {
		reset(peer)
		if _, err := r.events.Get(ctx); err != nil {
			return err
		}
		if !errors.Is(r.reason, unix.ECONNRESET) {
			return fmt.Errorf("reason: %v", r.reason)
		}
		return r.silent(ctx)
	})
}

// reset closes a connection so that the peer hears of a reset.
func reset(c *Conn) {
	_ = c.use(func(fd int) error {
		return unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
	})
	c.Close()
}

// A panic in any callback ends its connection alone, and tells where it was.
func TestProtocolPanics(t *testing.T) {
	for _, callback := range []string{"made", "data"} {
		t.Run(callback, func(t *testing.T) {
			var heard []loop.Exception
			handler := func(_ *loop.Loop, e loop.Exception) { heard = append(heard, e) }
			run(t, func(ctx context.Context) error {
				r, other := newRecorder(), newRecorder()
				switch callback {
				case "made":
					r.onMade = func() { panic("oh no") }
				case "data":
					r.onData = func([]byte) { panic("oh no") }
				}
				_, peer, err := transportPair(ctx, r)
				if err != nil {
					return err
				}
				defer peer.Close()
				transport, otherPeer, err := transportPair(ctx, other)
				if err != nil {
					return err
				}
				defer otherPeer.Close()
				_, _ = peer.Write([]byte("x"))
				_, _ = otherPeer.Write([]byte("y"))
				if err := other.expect(ctx, "made", "data y"); err != nil {
					return err
				}
				for r.reason == nil {
					if _, err := r.events.Get(ctx); err != nil {
						return err
					}
				}
				var p *aio.PanicError
				if !errors.As(r.reason, &p) || p.Value != "oh no" {
					return fmt.Errorf("reason: %v", r.reason)
				}
				if len(heard) != 1 || !strings.Contains(heard[0].Err.Error(), "transport_test.go") {
					return fmt.Errorf("the exception handler heard %v", heard)
				}
				transport.Abort()
				return other.expect(ctx, "lost <nil>")
			}, aio.ExceptionHandler(handler))
		})
	}
}

func TestStartProtocolRefusesABusyConnection(t *testing.T) {
	run(t, func(ctx context.Context) error {
		l, err := Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer l.Close()
		c, err := Dial(ctx, "tcp", l.Addr().String())
		if err != nil {
			return err
		}
		defer c.Close()
		reading := aio.Go(ctx, func(ctx context.Context) error {
			_, err := c.Read(make([]byte, 1))
			return err
		})
		_ = aio.Yield(ctx)
		if _, err := StartProtocol(ctx, c, newRecorder()); !errors.Is(err, errConnUsed) {
			return fmt.Errorf("a busy connection: %v", err)
		}
		c.Close()
		_, _ = reading.Await(ctx)
		return nil
	})
}

// asyncio's get_extra_info and set_protocol.
func TestTransportInfo(t *testing.T) {
	withTransport(t, func(ctx context.Context, r *recorder, peer *Conn) error {
		if a, b := r.transport.RemoteAddr().String(), peer.LocalAddr().String(); a != b {
			return fmt.Errorf("the remote address is %s and the peer's %s", a, b)
		}
		if a, b := r.transport.LocalAddr().String(), peer.RemoteAddr().String(); a != b {
			return fmt.Errorf("the local address is %s, the peer says %s", a, b)
		}
		var kind int
		err := r.transport.Control(func(fd uintptr) { kind, _ = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_TYPE) })
		if err != nil || kind != unix.SOCK_STREAM {
			return fmt.Errorf("socket type %d, %v", kind, err)
		}
		second := newRecorder()
		r.transport.SetProtocol(second)
		if r.transport.Protocol() != second {
			return errors.New("SetProtocol did nothing")
		}
		if _, err := peer.Write([]byte("x")); err != nil {
			return err
		}
		return second.expect(ctx, "data x")
	})
}
