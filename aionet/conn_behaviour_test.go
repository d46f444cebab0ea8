//go:build unix && !aix

package aionet

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"

	"github.com/goaio/aio"
)

func TestConnTransfersLargeMessagesBothWays(t *testing.T) {
	everywhere(t, func(s *subject) {
		sent := make([]byte, 700<<10)
		random := rand.NewChaCha8([32]byte{1})
		random.Read(sent)
		send := func(c *Conn) *started {
			return s.start(func(ctx context.Context) error {
				if n, err := c.Write(sent); n != len(sent) || err != nil {
					s.Errorf("wrote %d of %d: %v", n, len(sent), err)
				}
				return c.CloseWrite()
			})
		}
		receive := func(c *Conn) *started {
			return s.start(func(ctx context.Context) error {
				got, err := io.ReadAll(c)
				if err == nil && !bytes.Equal(got, sent) {
					s.Errorf("%d bytes came, other ones than the %d that were sent", len(got), len(sent))
				}
				return err
			})
		}
		for _, other := range []*started{send(s.a), send(s.b), receive(s.a), receive(s.b)} {
			s.must(other.await())
		}
	})
}

func TestConnHalfClose(t *testing.T) {
	everywhere(t, func(s *subject) {
		s.write(s.a, "last words")
		s.must(s.a.CloseWrite())
		s.read(s.b, "last words")
		for range 2 {
			if n, err := s.b.Read(make([]byte, 1)); n != 0 || err != io.EOF {
				s.Fatalf("at the end a read gave %d, %v", n, err)
			}
		}
		s.write(s.b, "the other way is open")
		s.read(s.a, "the other way is open")
		if _, err := s.a.Write([]byte("x")); !errors.Is(err, syscall.EPIPE) {
			s.Fatalf("write after CloseWrite: %v", err)
		}
		s.must(s.b.CloseRead())
	})
}

// A reader that waits hears of the end.
func TestConnEndUnderAWaitingRead(t *testing.T) {
	everywhere(t, func(s *subject) {
		reader := s.start(func(ctx context.Context) error {
			_, err := s.a.Read(make([]byte, 1))
			return err
		})
		s.untilWaits(s.a, reading)
		s.must(s.b.Close())
		if err := reader.await(); err != io.EOF {
			s.Fatalf("the waiting read got %v", err)
		}
	})
}

func TestConnReset(t *testing.T) {
	reset := func(s *subject, c *Conn) {
		s.Helper()
		if c.network == tcp {
			raw, err := c.SyscallConn()
			s.must(err)
			s.must(raw.Control(func(fd uintptr) {
				err = syscall.SetsockoptLinger(int(fd), syscall.SOL_SOCKET, syscall.SO_LINGER, &syscall.Linger{Onoff: 1})
			}))
			s.must(err)
		}
		s.must(c.Close())
	}
	for state, behave := range map[string]func(s *subject){
		"idle": func(s *subject) {
			s.write(s.a, "unread") // closing with bytes unread resets a Unix socket too
			s.must(s.b.WaitReadable(s.ctx))
			reset(s, s.b)
			if _, err := s.a.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
				s.Fatalf("read: %v", err)
			}
		},
		"reading": func(s *subject) {
			s.write(s.a, "unread")
			reader := s.start(func(ctx context.Context) error {
				_, err := s.a.Read(make([]byte, 1))
				return err
			})
			s.untilWaits(s.a, reading)
			reset(s, s.b)
			if err := reader.await(); !errors.Is(err, syscall.ECONNRESET) {
				s.Fatalf("read: %v", err)
			}
		},
		"writing": func(s *subject) {
			s.fill(s.a)
			writer := s.start(func(ctx context.Context) error {
				_, err := s.a.Write(make([]byte, 8<<20))
				return err
			})
			s.untilWaits(s.a, writing)
			reset(s, s.b)
			if err := writer.await(); !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, syscall.EPIPE) {
				s.Fatalf("write: %v", err)
			}
		},
		"half closed": func(s *subject) {
			s.write(s.a, "unread")
			s.must(s.a.CloseWrite())
			s.must(s.b.WaitReadable(s.ctx))
			reset(s, s.b)
			if _, err := s.a.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
				s.Fatalf("read: %v", err)
			}
		},
		"waiting until readable": func(s *subject) {
			s.write(s.a, "unread")
			waiter := s.start(func(ctx context.Context) error { return s.a.WaitReadable(ctx) })
			s.untilWaits(s.a, reading)
			reset(s, s.b)
			s.must(waiter.await())
			if _, err := s.a.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
				s.Fatalf("read: %v", err)
			}
		},
	} {
		t.Run(state, func(t *testing.T) { everywhere(t, behave) })
	}
}

func TestConnWaitReadable(t *testing.T) {
	everywhere(t, func(s *subject) {
		waiter := s.start(func(ctx context.Context) error { return s.a.WaitReadable(ctx) })
		s.untilWaits(s.a, reading)
		s.write(s.b, "bytes")
		s.must(waiter.await())
		s.must(s.a.WaitReadable(s.ctx)) // it has consumed nothing
		s.read(s.a, "bytes")
		waiter = s.start(func(ctx context.Context) error { return s.a.WaitReadable(ctx) })
		s.untilWaits(s.a, reading)
		s.must(s.b.CloseWrite())
		s.must(waiter.await())
		if _, err := s.a.Read(make([]byte, 1)); err != io.EOF {
			s.Fatal(err)
		}
	})
}

func TestConnWritersTakeTurnsWithWholeWrites(t *testing.T) {
	everywhere(t, func(s *subject) {
		const writers, size = 4, 150 << 10
		var others []*started
		for i := range writers {
			others = append(others, s.start(func(ctx context.Context) error {
				_, err := s.a.Write(bytes.Repeat([]byte{'a' + byte(i)}, size))
				return err
			}))
		}
		got := make([]byte, writers*size)
		_, err := io.ReadFull(s.b, got)
		s.must(err)
		for i := 0; i < len(got); i += size {
			if !bytes.Equal(got[i:i+size], bytes.Repeat(got[i:i+1], size)) {
				s.Fatal("a write was interrupted by another one")
			}
		}
		for _, other := range others {
			s.must(other.await())
		}
	})
}

func TestConnTwoTasksReading(t *testing.T) {
	for _, network := range []string{"tcp", "unix"} {
		t.Run(network, func(t *testing.T) {
			run(t, func(ctx context.Context) error {
				a, b := pair(ctx, t, network)
				s := taskSubject(ctx, t, a, b)
				first := aio.Go(ctx, func(ctx context.Context) error {
					_, err := a.Read(make([]byte, 1))
					return err
				}, aio.Name("first"))
				s.untilWaits(a, reading)
				second := aio.Go(ctx, func(ctx context.Context) error {
					_, err := a.Read(make([]byte, 1))
					return err
				}, aio.Name("second"))
				_, err := second.Await(ctx)
				var conflict *ConflictError
				if !errors.As(err, &conflict) || conflict.Reader != "first" || conflict.Other != "second" {
					t.Errorf("the second reader got %v", err)
				} else if text := err.Error(); !strings.Contains(text, "first") || !strings.Contains(text, "second") {
					t.Errorf("the error does not name both: %s", text)
				}
				s.write(b, "x")
				_, err = first.Await(ctx)
				return err
			})
		})
	}
}

// Goroutines that read at the same time take turns, and each byte goes to one
// of them.
func TestConnGoroutinesReadInTurns(t *testing.T) {
	for _, network := range []string{"tcp", "unix"} {
		t.Run(network, func(t *testing.T) {
			ctx := context.Background()
			a, b := pair(ctx, t, network)
			s := goroutineSubject(ctx, t, a, b)
			var readers []*started
			total := make(chan int, 4)
			for range 4 {
				readers = append(readers, s.start(func(ctx context.Context) error {
					sum, one := 0, make([]byte, 1)
					for {
						if _, err := a.Read(one); err != nil {
							total <- sum
							return err
						}
						sum += int(one[0])
					}
				}))
			}
			want := 0
			for i := range 1000 {
				want += i % 251
				s.write(b, string([]byte{byte(i % 251)}))
			}
			s.must(b.Close())
			got := 0
			for _, r := range readers {
				if err := r.await(); err != io.EOF {
					t.Error(err)
				}
				got += <-total
			}
			if got != want {
				t.Errorf("the bytes that were read add up to %d, want %d", got, want)
			}
		})
	}
}

// Bytes that were given back are readable, although the system has none.
func TestConnGivenBackBytesAreReadable(t *testing.T) {
	everywhere(t, func(s *subject) {
		s.must(s.a.begin(s.ctx, reading))
		s.a.giveBack([]byte("given back"))
		s.a.end(reading)
		s.must(s.a.WaitReadable(s.ctx))
		s.read(s.a, "given ")
		s.must(s.a.WaitReadable(s.ctx))
		s.read(s.a, "back")
		s.write(s.b, "more")
		s.read(s.a, "more")
	})
}
