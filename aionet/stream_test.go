//go:build unix && !aix

package aionet

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/goaio/aio"
)

func TestStreamReadsWhatIsAskedFor(t *testing.T) {
	everywhere(t, func(s *subject) {
		in, out := NewStream(s.a), NewStream(s.b)
		for _, text := range []string{"exactly", "a line\nand the next\nkey: value; other", " rest"} {
			_, err := out.Write(s.ctx, []byte(text))
			s.must(err)
		}
		s.must(out.WriteEOF(s.ctx))
		expect := func(want string, got []byte, err error) {
			s.Helper()
			if string(got) != want || err != nil {
				s.Fatalf("got %q, %v; want %q", got, err, want)
			}
		}
		got, err := in.ReadExactly(s.ctx, 7)
		expect("exactly", got, err)
		got, err = in.ReadLine(s.ctx)
		expect("a line\n", got, err)
		got, err = in.ReadLine(s.ctx)
		expect("and the next\n", got, err)
		got, err = in.ReadUntil(s.ctx, ";", ": ")
		expect("key: ", got, err)
		got, err = in.ReadUntil(s.ctx, ";", ": ")
		expect("value;", got, err)
		some := make([]byte, 3)
		n, err := in.Read(s.ctx, some)
		expect(" ot", some[:n], err)
		if in.AtEOF() {
			s.Fatal("at the end, with bytes unread")
		}
		got, err = in.ReadLine(s.ctx)
		expect("her rest", got, err)
		if !in.AtEOF() {
			s.Fatal("not at the end")
		}
		for range 2 {
			if _, err = in.ReadLine(s.ctx); err != io.EOF {
				s.Fatal(err)
			}
			if _, err = in.ReadExactly(s.ctx, 1); !errors.Is(err, io.EOF) {
				s.Fatal(err)
			}
		}
		if in.in.buffer != nil {
			s.Error("a stream with nothing in its buffer holds one")
		}
		s.must(in.Close())
		s.must(out.Close())
		s.must(out.Close())
		if _, err := out.Write(s.ctx, []byte("x")); !errors.Is(err, net.ErrClosed) {
			s.Fatalf("write after Close: %v", err)
		}
	})
}

func TestStreamIncompleteRead(t *testing.T) {
	everywhere(t, func(s *subject) {
		in := NewStream(s.a)
		s.write(s.b, "part")
		s.must(s.b.CloseWrite())
		var incomplete *IncompleteReadError
		_, err := in.ReadExactly(s.ctx, 1<<30)
		if !errors.As(err, &incomplete) || string(incomplete.Partial) != "part" || incomplete.Expected != 1<<30 || !errors.Is(err, io.ErrUnexpectedEOF) {
			s.Fatal(err)
		}
		_, err = in.ReadUntil(s.ctx, ";")
		if !errors.As(err, &incomplete) || len(incomplete.Partial) != 0 || !errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			s.Fatal(err)
		}
	})
}

func TestStreamLimitLeavesTheOverrunInTheBuffer(t *testing.T) {
	everywhere(t, func(s *subject) {
		in := NewStream(s.a, Limit(10))
		s.write(s.b, "0123456789abcdef")
		var overrun *LimitOverrunError
		_, err := in.ReadLine(s.ctx)
		if !errors.As(err, &overrun) || overrun.Found || overrun.Consumed != 16 || overrun.Limit != 10 {
			s.Fatalf("%v, %+v", err, overrun)
		}
		s.write(s.b, "\nnext\n")
		s.until("in the buffer", func() bool {
			_, err = in.ReadLine(s.ctx) // again and again, and nothing is taken
			return errors.As(err, &overrun) && overrun.Consumed == 16 && in.Buffered() >= 16
		})
		taken, err := in.ReadExactly(s.ctx, overrun.Consumed)
		if string(taken) != "0123456789abcdef" || err != nil {
			s.Fatalf("%q, %v", taken, err)
		}
		for _, want := range []string{"\n", "next\n"} {
			if line, err := in.ReadLine(s.ctx); string(line) != want || err != nil {
				s.Fatalf("%q, %v", line, err)
			}
		}
		s.write(s.b, "0123456789ab\n")
		_, err = in.ReadExactly(s.ctx, 0)
		s.must(err)
		_, err = in.ReadLine(s.ctx)
		if !errors.As(err, &overrun) {
			s.Fatal(err)
		}
	})
}

// What has come of a message stays when the read of it is cancelled.
func TestStreamCancelledReadLosesNothing(t *testing.T) {
	everywhere(t, func(s *subject) {
		in := NewStream(s.a)
		for name, read := range map[string]func(ctx context.Context) ([]byte, error){
			"line":    func(ctx context.Context) ([]byte, error) { return in.ReadLine(ctx) },
			"exactly": func(ctx context.Context) ([]byte, error) { return in.ReadExactly(ctx, 11) },
		} {
			s.write(s.b, "first ")
			reader := s.start(func(ctx context.Context) error {
				_, err := read(ctx)
				return err
			})
			s.until("buffered", func() bool {
				s.a.mu.Lock()
				defer s.a.mu.Unlock()
				return s.a.in.waiter != nil && !s.a.in.news.Load() && s.a.in.waiter.Done() == false
			})
			reader.cancel()
			if err := reader.await(); !aio.IsCancelled(err) {
				s.Fatalf("%s: %v", name, err)
			}
			s.write(s.b, "last\n")
			if got, err := read(s.ctx); string(got) != "first last\n" || err != nil {
				s.Fatalf("%s: %q, %v", name, got, err)
			}
		}
	})
}

func TestStreamTwoReaders(t *testing.T) {
	everywhere(t, func(s *subject) {
		in := NewStream(s.a)
		reader := s.start(func(ctx context.Context) error {
			_, err := in.ReadLine(ctx)
			return err
		})
		s.untilWaits(s.a, reading)
		var conflict *ConflictError
		if _, err := in.ReadLine(s.ctx); !errors.As(err, &conflict) {
			s.Fatalf("the second reader got %v", err)
		}
		s.write(s.b, "\n")
		s.must(reader.await())
	})
}

// A megabyte without a separator, and no more memory than the limit allows.
func TestStreamMemoryWithoutASeparator(t *testing.T) {
	run(t, func(ctx context.Context) error {
		a, b := pair(ctx, t, "tcp")
		in := NewStream(a)
		sending := aio.Go(ctx, func(ctx context.Context) error {
			_, err := b.Write(bytes.Repeat([]byte("x"), 1_000_000))
			return err
		})
		var overrun *LimitOverrunError
		if _, err := in.ReadLine(ctx); !errors.As(err, &overrun) {
			t.Errorf("got %v", err)
		}
		if size := len(in.in.buffer); size > 2*DefaultLimit {
			t.Errorf("the buffer has %d bytes, for a limit of %d", size, DefaultLimit)
		}
		got := 0
		for got < 1_000_000 {
			if _, err := in.ReadLine(ctx); errors.As(err, &overrun) {
				piece, err := in.ReadExactly(ctx, overrun.Consumed)
				if err != nil {
					return err
				}
				got += len(piece)
			} else if rest, err := in.ReadExactly(ctx, 1_000_000-got); err != nil {
				return err
			} else {
				got += len(rest)
			}
			if size := len(in.in.buffer); size > 2*DefaultLimit {
				t.Fatalf("the buffer has %d bytes", size)
			}
			if 1_000_000-got <= DefaultLimit {
				if _, err := in.ReadExactly(ctx, 1_000_000-got); err != nil {
					return err
				}
				break
			}
		}
		_, err := sending.Await(ctx)
		return err
	})
}

// Writes are buffered up to the high-water mark, then they wait until the low
// one; a cancel leaves what was taken to be sent.
func TestStreamWriteWaitsAboveTheHighWaterMark(t *testing.T) {
	everywhere(t, func(s *subject) {
		const low, high = 10 << 10, 40 << 10
		out := NewStream(s.a, WriteLimits(low, high))
		piece := bytes.Repeat([]byte("0123456789abcdef"), 1<<10)
		taken := 0
		writer := s.start(func(ctx context.Context) error {
			for {
				n, err := out.Write(ctx, piece)
				taken += n
				if err != nil {
					return err
				}
				if pending := func() int { out.out.mu.Lock(); defer out.out.mu.Unlock(); return out.out.pending() }(); pending > high {
					s.Errorf("%d bytes are buffered, the mark is %d", pending, high)
				}
			}
		})
		s.until("waits above the mark", func() bool {
			out.out.mu.Lock()
			defer out.out.mu.Unlock()
			return out.out.waiting.First() != nil
		})
		writer.cancel()
		if err := writer.await(); !aio.IsCancelled(err) {
			s.Fatal(err)
		}
		closer := s.start(func(ctx context.Context) error { return out.WriteEOF(ctx) })
		got, err := io.ReadAll(s.b)
		s.must(err)
		s.must(closer.await())
		if len(got) != taken {
			s.Fatalf("%d bytes came, %d were taken", len(got), taken)
		}
		for i := range got {
			if got[i] != piece[i%16] {
				s.Fatalf("byte %d is not what was written", i)
			}
		}
		if _, err := out.Write(s.ctx, piece); err == nil {
			s.Fatal("a write after WriteEOF")
		}
	})
}

// Close sends what is buffered, in the background.
func TestStreamCloseSendsWhatIsBuffered(t *testing.T) {
	everywhere(t, func(s *subject) {
		out := NewStream(s.a, WriteLimits(1<<20, 1<<20))
		s.fill(s.a)
		before, err := out.Write(s.ctx, bytes.Repeat([]byte("x"), 500<<10))
		s.must(err)
		if before != 500<<10 {
			s.Fatalf("%d bytes were taken", before)
		}
		reader := s.start(func(ctx context.Context) error {
			_, err := out.ReadLine(ctx)
			return err
		})
		s.untilWaits(s.a, reading)
		s.must(out.Close())
		if err := reader.await(); !errors.Is(err, net.ErrClosed) {
			s.Fatalf("the read under Close: %v", err)
		}
		got, err := io.ReadAll(s.b)
		s.must(err)
		if end := got[max(0, len(got)-500<<10):]; len(end) != 500<<10 || len(bytes.Trim(end, "x")) != 0 {
			s.Fatal("what was buffered at Close has not come")
		}
	})
}

func TestStreamWriteToAPeerThatIsGone(t *testing.T) {
	everywhere(t, func(s *subject) {
		out := NewStream(s.a, WriteLimits(0, 0))
		s.fill(s.a)
		writer := s.start(func(ctx context.Context) error {
			for {
				if _, err := out.Write(ctx, make([]byte, 100<<10)); err != nil {
					return err
				}
			}
		})
		s.untilWaits(s.a, writing)
		s.must(s.b.Close())
		if err := writer.await(); err == nil {
			s.Fatal("no error")
		}
		if err := out.Drain(s.ctx); err == nil {
			s.Fatal("no error from Drain")
		}
		if _, err := out.Write(s.ctx, []byte("x")); err == nil {
			s.Fatal("no error from the next write")
		}
		s.must(out.Close())
	})
}

// A stream over a connection of others: here package net's pipe, for goroutines.
func TestStreamOverAForeignConnection(t *testing.T) {
	left, right := net.Pipe()
	defer right.Close()
	s := NewStream(left)
	pieces := make(chan string)
	go func() {
		for piece := range pieces {
			_, _ = right.Write([]byte(piece))
		}
	}()
	go func() { pieces <- "a li"; pieces <- "ne\nlas" }()
	line, err := s.ReadLine(context.Background())
	if string(line) != "a line\n" || err != nil {
		t.Fatalf("%q, %v", line, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	errs := make(chan error)
	go func() { _, err := s.ReadLine(ctx); errs <- err }()
	pieces <- "t"
	cancel()
	if err := <-errs; !aio.IsCancelled(err) {
		t.Fatal(err)
	}
	go func() { pieces <- "\n"; close(pieces) }()
	if line, err := s.ReadLine(context.Background()); string(line) != "last\n" || err != nil {
		t.Fatalf("%q, %v", line, err)
	}
	go func() { _, _ = io.Copy(io.Discard, right) }()
	if n, err := s.Write(context.Background(), []byte("bytes")); n != 5 || err != nil {
		t.Fatal(n, err)
	}
	if err := s.WriteEOF(context.Background()); !errors.Is(err, errNoHalfClose) {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// Bytes that are cut anywhere give the same lines as in one piece.
func FuzzStreamLines(f *testing.F) {
	f.Add([]byte("a\r\nb\nc\r\n\r\nlong line that overruns\r\nlast"), []byte{1, 2, 3})
	f.Add([]byte("\n\n\r\r\n"), []byte{0})
	f.Fuzz(func(t *testing.T, text, cuts []byte) {
		whole := readAll(text, nil)
		pieces := readAll(text, cuts)
		if whole != pieces {
			t.Errorf("in one piece:\n%s\nin pieces:\n%s", whole, pieces)
		}
	})
}

// readAll reads lines of a text that comes in pieces, and what overruns the
// limit up to the next one.
func readAll(text, cuts []byte) string {
	s := NewStream(&pieces{text: text, cuts: cuts}, Limit(12))
	var out strings.Builder
	dropped := 0
	for {
		line, err := s.ReadUntil(context.Background(), "\r\n", "\n")
		var overrun *LimitOverrunError
		var incomplete *IncompleteReadError
		switch {
		case errors.As(err, &overrun):
			part, _ := s.ReadExactly(context.Background(), overrun.Consumed)
			dropped += len(part)
			continue
		case errors.As(err, &incomplete):
			fmt.Fprintf(&out, "end %d", dropped+len(incomplete.Partial))
			return out.String()
		case err != nil:
			return err.Error()
		case dropped > 0:
			fmt.Fprintf(&out, "%d dropped\n", dropped+len(line))
			dropped = 0
		default:
			fmt.Fprintf(&out, "%q\n", line)
		}
	}
}

// pieces is a connection that brings a text in pieces of given lengths.
type pieces struct {
	net.Conn
	text, cuts []byte
	reads      int
}

func (p *pieces) Read(b []byte) (int, error) {
	if len(p.text) == 0 {
		return 0, io.EOF
	}
	n := len(p.text)
	if len(p.cuts) > 0 {
		n = min(n, 1+int(p.cuts[p.reads%len(p.cuts)])%20)
		p.reads++
	}
	n = copy(b, p.text[:n])
	p.text = p.text[n:]
	return n, nil
}

func (p *pieces) SetReadDeadline(time.Time) error { return nil }
