//go:build unix && !aix

package aionet

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"github.com/goaio/aio"
)

func TestConnDeadlineInThePast(t *testing.T) {
	everywhere(t, func(s *subject) {
		s.write(s.b, "there")
		s.must(s.a.SetDeadline(time.Unix(1, 0)))
		for range 2 {
			if n, err := s.a.Read(make([]byte, 9)); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) || !isTimeout(err) {
				s.Fatalf("read after the deadline: %d, %v", n, err)
			}
			if n, err := s.a.Write([]byte("x")); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
				s.Fatalf("write after the deadline: %d, %v", n, err)
			}
		}
		s.must(s.a.SetDeadline(time.Time{}))
		s.read(s.a, "there")
		s.write(s.a, "usable")
		s.read(s.b, "usable")
	})
}

func TestConnDeadlineWhileWaiting(t *testing.T) {
	everywhere(t, func(s *subject) {
		s.must(s.a.SetReadDeadline(time.Now().Add(3 * time.Millisecond)))
		if _, err := s.a.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			s.Fatalf("read: %v", err)
		}
		s.must(s.a.SetReadDeadline(time.Now().Add(time.Hour)))
		s.write(s.b, "later")
		s.read(s.a, "later")
		s.fill(s.a) // ends by write deadlines
		s.must(s.a.SetWriteDeadline(time.Time{}))
	})
}

func TestConnDeadlineMovedWhileWaiting(t *testing.T) {
	everywhere(t, func(s *subject) {
		for _, before := range []time.Time{{}, time.Now().Add(time.Hour)} {
			s.must(s.a.SetReadDeadline(before))
			reader := s.start(func(ctx context.Context) error {
				_, err := s.a.Read(make([]byte, 1))
				return err
			})
			s.untilWaits(s.a, reading)
			s.must(s.a.SetReadDeadline(time.Now().Add(2 * time.Millisecond))) // nearer
			if err := reader.await(); !errors.Is(err, os.ErrDeadlineExceeded) {
				s.Fatalf("moved nearer: %v", err)
			}
			s.must(s.a.SetReadDeadline(before))
			reader = s.start(func(ctx context.Context) error {
				_, err := s.a.Read(make([]byte, 1))
				return err
			})
			s.untilWaits(s.a, reading)
			s.must(s.a.SetReadDeadline(time.Unix(1, 0))) // into the past
			if err := reader.await(); !errors.Is(err, os.ErrDeadlineExceeded) {
				s.Fatalf("moved into the past: %v", err)
			}
		}
	})
}

// A deadline that moved away, or was removed, leaves its timer behind: when that
// fires the read waits on.
func TestConnDeadlineMovedAwayWhileWaiting(t *testing.T) {
	everywhere(t, func(s *subject) {
		for _, away := range []time.Time{{}, time.Now().Add(2 * time.Hour)} {
			soon := time.Now().Add(time.Hour)
			s.must(s.a.SetReadDeadline(soon))
			reader := s.start(func(ctx context.Context) error {
				_, err := s.a.Read(make([]byte, 1))
				return err
			})
			s.untilWaits(s.a, reading)
			s.must(s.a.SetReadDeadline(away))
			s.a.mu.Lock()
			d := &s.a.rare.Load().deadlines[0]
			on, at := d.on, d.armed
			s.a.mu.Unlock()
			fired := make(chan struct{})
			on.CallSoon(func() { s.a.deadlineFired(on, reading, at); close(fired) })
			_, _, err := aio.Recv(s.ctx, fired)
			s.must(err)
			s.write(s.b, "x")
			s.must(reader.await()) // no deadline has ended it
		}
	})
}

// A cancelled read has read nothing, and what comes afterwards is all there.
func TestConnCancelledRead(t *testing.T) {
	everywhere(t, func(s *subject) {
		for range 3 {
			reader := s.start(func(ctx context.Context) error {
				n, err := s.a.ReadContext(ctx, make([]byte, 9))
				if n != 0 {
					s.Errorf("%d bytes came with %v", n, err)
				}
				return err
			})
			s.untilWaits(s.a, reading)
			reader.cancel()
			if err := reader.await(); !aio.IsCancelled(err) {
				s.Fatalf("the cancelled read returned %v", err)
			}
			s.write(s.b, "nothing lost")
			s.read(s.a, "nothing lost")
		}
	})
}

// A write that is cancelled says how much it has written; the rest can follow.
func TestConnCancelledWrite(t *testing.T) {
	everywhere(t, func(s *subject) {
		before := s.fill(s.a)
		message := bytes.Repeat([]byte("0123456789"), 800<<10)
		written := 0
		writer := s.start(func(ctx context.Context) (err error) {
			written, err = s.a.WriteContext(ctx, message)
			return err
		})
		s.untilWaits(s.a, writing)
		_, err := io.CopyN(io.Discard, s.b, int64(before)) // room for a part
		s.must(err)
		s.untilWaits(s.a, writing)
		writer.cancel()
		if err := writer.await(); !aio.IsCancelled(err) {
			s.Fatalf("the cancelled write returned %v", err)
		}
		rest := s.start(func(ctx context.Context) error {
			_, err := s.a.Write(message[written:])
			return err
		})
		got := make([]byte, len(message))
		_, err = io.ReadFull(s.b, got)
		s.must(err)
		s.must(rest.await())
		if !bytes.Equal(got, message) {
			s.Fatal("the two writes do not make up the message")
		}
	})
}

// A Timeout reaches calls that take no context.
func TestConnTimeoutScope(t *testing.T) {
	everywhere(t, func(s *subject) {
		var expired *aio.TimeoutError
		err := aio.Timeout(s.ctx, 2*time.Millisecond, func(ctx context.Context) error {
			var err error
			if s.isTask {
				_, err = s.a.Read(make([]byte, 1))
			} else {
				_, err = s.a.ReadContext(ctx, make([]byte, 1))
			}
			return err
		})
		if !errors.As(err, &expired) {
			s.Fatalf("a read in a Timeout: %v", err)
		}
		s.fill(s.a)
		err = aio.Timeout(s.ctx, 2*time.Millisecond, func(ctx context.Context) error {
			var err error
			if s.isTask {
				_, err = s.a.Write(make([]byte, 8<<20))
			} else {
				_, err = s.a.WriteContext(ctx, make([]byte, 8<<20))
			}
			return err
		})
		if !errors.As(err, &expired) {
			s.Fatalf("a write in a Timeout: %v", err)
		}
		s.write(s.b, "usable")
		s.read(s.a, "usable")
	})
}

func TestConnCloseUnderWaiters(t *testing.T) {
	everywhere(t, func(s *subject) {
		s.fill(s.a)
		var others []*started
		others = append(others, s.start(func(ctx context.Context) error {
			_, err := s.a.Read(make([]byte, 1))
			return err
		}))
		for range 3 { // one writes, the others wait for their turn
			others = append(others, s.start(func(ctx context.Context) error {
				_, err := s.a.Write(make([]byte, 8<<20))
				return err
			}))
		}
		s.untilWaits(s.a, reading)
		s.untilWaits(s.a, writing)
		s.must(s.a.Close())
		for _, other := range others {
			if err := other.await(); !errors.Is(err, net.ErrClosed) {
				s.Fatalf("a call that waited: %v", err)
			}
		}
		for name, err := range map[string]error{
			"Close":            s.a.Close(),
			"SetDeadline":      s.a.SetDeadline(time.Time{}),
			"CloseWrite":       s.a.CloseWrite(),
			"WaitReadable":     s.a.WaitReadable(s.ctx),
			"SetReadDeadline":  s.a.SetReadDeadline(time.Time{}),
			"SetWriteDeadline": s.a.SetWriteDeadline(time.Time{}),
		} {
			if !errors.Is(err, net.ErrClosed) {
				s.Errorf("%s after Close: %v", name, err)
			}
		}
		if _, err := s.a.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
			s.Errorf("Read after Close: %v", err)
		}
		if _, err := s.a.SyscallConn(); !errors.Is(err, net.ErrClosed) {
			s.Errorf("SyscallConn after Close: %v", err)
		}
		if !s.a.Closed() {
			s.Error("the file is still open")
		}
	})
}

// Libraries see by the error that the connection is whole: a tls.Conn reads on.
func TestConnCancelledReadUnderCryptoTLS(t *testing.T) {
	everywhere(t, func(s *subject) {
		server, client := tls.Server(s.a, serverConfig()), tls.Client(s.b, clientConfig())
		shaking := s.start(func(context.Context) error { return server.Handshake() })
		s.must(client.Handshake())
		s.must(shaking.await())
		err := aio.Timeout(s.ctx, time.Millisecond, func(ctx context.Context) error {
			if !s.isTask { // whose context a tls.Conn does not see
				return &aio.TimeoutError{}
			}
			_, err := server.Read(make([]byte, 1))
			var temporary net.Error
			if !errors.As(err, &temporary) || !temporary.Timeout() || !aio.IsCancelled(err) {
				s.Errorf("the read ended with %v", err)
			}
			return err
		})
		var timeout *aio.TimeoutError
		if !errors.As(err, &timeout) {
			s.Fatal(err)
		}
		_, err = client.Write([]byte("usable"))
		s.must(err)
		got := make([]byte, 6)
		_, err = io.ReadFull(server, got)
		s.must(err)
	})
}
