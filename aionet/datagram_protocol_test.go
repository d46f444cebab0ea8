//go:build unix && !aix

package aionet

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/goaio/aio"
	"github.com/goaio/aio/loop"
)

// datagramRecorder is a protocol that writes down its callbacks.
type datagramRecorder struct {
	recorder
	datagrams *DatagramTransport
	onError   func()
}

func newDatagramRecorder() *datagramRecorder {
	return &datagramRecorder{recorder: recorder{events: aio.NewQueue[string](0)}}
}

func (r *datagramRecorder) ConnectionMade(t *DatagramTransport) {
	r.datagrams = t
	r.note("made")
}

func (r *datagramRecorder) DatagramReceived(data []byte, from net.Addr) {
	r.note(fmt.Sprintf("%d bytes from %v", len(data), from))
	if r.onData != nil {
		r.onData(data)
	}
}

func (r *datagramRecorder) ErrorReceived(err error) {
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		r.note("refused")
	case errors.Is(err, syscall.EMSGSIZE):
		r.note("too long")
	default:
		r.note("error " + err.Error())
	}
	if r.onError != nil {
		r.onError()
	}
}

// closed has the transport closed and says what the protocol heard last.
func (r *datagramRecorder) closed(ctx context.Context) error {
	_ = r.datagrams.Close()
	return r.expect(ctx, "lost <nil>")
}

// Datagrams to and from a socket of package net, an empty one among them.
func TestDatagramProtocol(t *testing.T) {
	directory := t.TempDir()
	for _, test := range [][3]string{
		{"udp", "127.0.0.1:0", "127.0.0.1:0"},
		{"unixgram", filepath.Join(directory, "a"), filepath.Join(directory, "b")},
	} {
		t.Run(test[0], func(t *testing.T) {
			peer, err := net.ListenPacket(test[0], test[2])
			if err != nil {
				t.Fatal(err)
			}
			defer peer.Close()
			run(t, func(ctx context.Context) error {
				r := newDatagramRecorder()
				transport, err := ListenDatagramProtocol(ctx, test[0], test[1], r)
				if err != nil {
					return err
				}
				if err := r.expect(ctx, "made"); err != nil {
					return err
				}
				for _, size := range []int{0, 1, 1000, 9000, 0} {
					sent, got := noise(size), make([]byte, 10_000)
					if err := transport.SendTo(sent, peer.LocalAddr()); err != nil {
						return err
					}
					n, from, err := peer.ReadFrom(got)
					if !bytes.Equal(got[:n], sent) || err != nil || from.String() != transport.LocalAddr().String() {
						return fmt.Errorf("the peer got %d bytes from %v, %v", n, from, err)
					}
					if _, err := peer.WriteTo(sent, transport.LocalAddr()); err != nil {
						return err
					}
					r.onData = func(data []byte) {
						if !bytes.Equal(data, sent) {
							t.Error("other bytes came")
						}
					}
					if err := r.expect(ctx, fmt.Sprintf("%d bytes from %v", size, peer.LocalAddr())); err != nil {
						return err
					}
				}
				return r.closed(ctx)
			})
		})
	}
}

// "protocol.error_received() is called when a previous send or receive operation
// raises an OSError", and the transport goes on.
func TestDatagramErrors(t *testing.T) {
	run(t, func(ctx context.Context) error {
		nobody, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		address := nobody.LocalAddr().String()
		nobody.Close()
		r := newDatagramRecorder()
		transport, err := DialDatagramProtocol(ctx, "udp", address, r)
		if err != nil {
			return err
		}
		for range 2 {
			if err := transport.SendTo([]byte("anybody?"), nil); err != nil {
				return err
			}
		}
		if err := transport.SendTo(make([]byte, 70_000), nil); err != nil {
			return err
		}
		// Whether a refusal comes before the next call is the system's affair.
		refused, long := false, false
		if err := r.expect(ctx, "made"); err != nil {
			return err
		}
		for !refused || !long {
			got, err := r.events.Get(ctx)
			if err != nil {
				return err
			}
			refused, long = refused || got == "refused", long || got == "too long"
			if got != "refused" && got != "too long" {
				return errors.New(got)
			}
			if !long {
				_ = transport.SendTo(make([]byte, 70_000), nil)
			}
		}
		for !r.events.Empty() {
			_, _ = r.events.GetNoWait()
		}
		peer, err := net.ListenPacket("udp", address)
		if err != nil {
			return err
		}
		defer peer.Close()
		if _, err := peer.WriteTo([]byte("here"), transport.LocalAddr()); err != nil {
			return err
		}
		if err := r.expect(ctx, fmt.Sprintf("4 bytes from %v", address)); err != nil {
			return err
		}
		return r.closed(ctx)
	})
}

// On Linux an unconnected socket hears of a refusal too, if it asks for that.
func TestDatagramProtocolReportsErrors(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("Linux's alone")
	}
	run(t, func(ctx context.Context) error {
		nobody, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		nobody.Close()
		c, err := ListenPacket(ctx, "udp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		if err := c.ReportErrors(); err != nil {
			return err
		}
		r := newDatagramRecorder()
		transport, err := StartDatagramProtocol(ctx, c, r)
		if err != nil {
			return err
		}
		if err := transport.SendTo(nil, nobody.LocalAddr()); err != nil {
			return err
		}
		if err := r.expect(ctx, "made", "refused"); err != nil {
			return err
		}
		return r.closed(ctx)
	})
}

// What the system does not take is buffered and arrives in order, empty
// datagrams too; the protocol is paused and resumed; Close sends the rest.
func TestDatagramsAreBuffered(t *testing.T) {
	for _, connected := range []bool{true, false} {
		t.Run(fmt.Sprintf("connected %v", connected), func(t *testing.T) {
			directory := t.TempDir()
			run(t, func(ctx context.Context) error {
				peer, err := ListenPacket(ctx, "unixgram", filepath.Join(directory, "peer"))
				if err != nil {
					return err
				}
				defer peer.Close()
				r := newDatagramRecorder()
				var transport *DatagramTransport
				var to net.Addr
				if connected {
					transport, err = DialDatagramProtocol(ctx, "unixgram", peer.LocalAddr().String(), r)
				} else {
					to = peer.LocalAddr()
					transport, err = ListenDatagramProtocol(ctx, "unixgram", filepath.Join(directory, "own"), r)
				}
				if err != nil {
					return err
				}
				transport.SetWriteBufferLimits(1000, 100)
				sent := 0
				send := func() error {
					sent++
					return transport.SendTo(noise(sent % 3 * 100)[:sent%3*100], to)
				}
				for transport.WriteBufferSize() <= 1000 {
					if err := send(); err != nil {
						return err
					}
				}
				if err := r.expect(ctx, "made", "pause"); err != nil {
					return err
				}
				buffer := make([]byte, 1000)
				for i := 1; i <= sent; i++ {
					n, err := peer.Read(buffer)
					if err != nil || n != i%3*100 {
						return fmt.Errorf("datagram %d has %d bytes, %v", i, n, err)
					}
				}
				if err := r.expect(ctx, "resume"); err != nil {
					return err
				}
				for sent = 0; transport.WriteBufferSize() == 0; {
					if err := send(); err != nil {
						return err
					}
				}
				_ = transport.Close()
				for i := 1; i <= sent; i++ {
					n, err := peer.Read(buffer)
					if err != nil || n != i%3*100 {
						return fmt.Errorf("datagram %d after Close has %d bytes, %v", i, n, err)
					}
				}
				return r.expect(ctx, "lost <nil>")
			})
		})
	}
}

// A protocol that does not heed PauseWriting has its datagrams refused before
// they take the memory.
func TestDatagramBufferIsBounded(t *testing.T) {
	directory := t.TempDir()
	run(t, func(ctx context.Context) error {
		peer, err := ListenPacket(ctx, "unixgram", filepath.Join(directory, "peer"))
		if err != nil {
			return err
		}
		defer peer.Close()
		r := newDatagramRecorder()
		transport, err := DialDatagramProtocol(ctx, "unixgram", peer.LocalAddr().String(), r)
		if err != nil {
			return err
		}
		var refused error
		for n := 0; refused == nil; n++ {
			if n > 10_000 {
				return errors.New("10,000 datagrams of 10 KB were taken")
			}
			refused = transport.SendTo(make([]byte, 10_000), nil)
		}
		if !errors.Is(refused, ErrWriteBufferFull) || transport.WriteBufferSize() > maxOutgoing+20_000 {
			return fmt.Errorf("%w with %d bytes buffered", refused, transport.WriteBufferSize())
		}
		transport.Abort()
		return r.expect(ctx, "made", "pause", "lost <nil>")
	})
}

// Misuse is told to the caller.
func TestDatagramMisuse(t *testing.T) {
	run(t, func(ctx context.Context) error {
		r := newDatagramRecorder()
		transport, err := ListenDatagramProtocol(ctx, "udp4", "127.0.0.1:0", r)
		if err != nil {
			return err
		}
		if err := transport.SendTo(nil, nil); !errors.Is(err, ErrNotConnected) {
			return fmt.Errorf("without a destination: %w", err)
		}
		for _, to := range []net.Addr{&net.UnixAddr{Name: "x", Net: "unixgram"}, &net.UDPAddr{IP: net.IPv6loopback, Port: 1}, (*net.UDPAddr)(nil)} {
			if err := transport.SendTo(nil, to); err == nil {
				return fmt.Errorf("sent to %v", to)
			}
		}
		connected, err := DialDatagramProtocol(ctx, "udp", transport.LocalAddr().String(), BaseDatagramProtocol{})
		if err != nil {
			return err
		}
		if err := connected.SendTo(nil, transport.LocalAddr()); !errors.Is(err, ErrConnected) {
			return fmt.Errorf("with a second destination: %w", err)
		}
		connected.Abort()
		if err := r.expect(ctx, "made"); err != nil {
			return err
		}
		if err := r.closed(ctx); err != nil {
			return err
		}
		if err := transport.SendTo(nil, connected.LocalAddr()); !errors.Is(err, net.ErrClosed) {
			return fmt.Errorf("after Close: %w", err)
		}
		return nil
	})
	if _, err := ListenDatagramProtocol(context.Background(), "udp", "127.0.0.1:0", BaseDatagramProtocol{}); !errors.Is(err, errNoLoop) {
		t.Errorf("without a loop: %v", err)
	}
}

// A panic ends the transport, with its stack in the log, and nothing else.
func TestDatagramPanic(t *testing.T) {
	logged := make(chan error, 1)
	run(t, func(ctx context.Context) error {
		r := newDatagramRecorder()
		transport, err := ListenDatagramProtocol(ctx, "udp", "127.0.0.1:0", r)
		if err != nil {
			return err
		}
		r.onData = func([]byte) { panic("no") }
		other, err := DialDatagramProtocol(ctx, "udp", transport.LocalAddr().String(), BaseDatagramProtocol{})
		if err != nil {
			return err
		}
		defer other.Abort()
		if err := other.SendTo([]byte("x"), nil); err != nil {
			return err
		}
		if err := r.expect(ctx, "made", fmt.Sprintf("1 bytes from %v", other.LocalAddr())); err != nil {
			return err
		}
		last, err := r.events.Get(ctx)
		if err == nil && !strings.HasPrefix(last, "lost panic: no") {
			err = errors.New(last)
		}
		return err
	}, aio.ExceptionHandler(func(_ *loop.Loop, e loop.Exception) { logged <- e.Err }))
	var panicked *aio.PanicError
	if err := <-logged; !errors.As(err, &panicked) {
		t.Errorf("logged %v", err)
	}
}
