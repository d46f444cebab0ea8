//go:build unix && !aix

package aionet

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/loop"
)

// withPool has a pool for a test.
func withPool(t *testing.T, workers, places int) *aio.ThreadPool {
	pool := aio.NewThreadPool(workers, aio.PoolQueueLength(places))
	t.Cleanup(func() { _ = pool.Shutdown(context.Background(), false) })
	return pool
}

func upper(_ context.Context, line []byte) ([]byte, error) {
	return append(bytes.ToUpper(line), '\n'), nil
}

// Requests that a connection sends all at once are answered in order, although
// many workers take them, and no two of them at the same time.
func TestRequestsKeepTheirOrder(t *testing.T) {
	const connections, requests = 8, 500
	var busy [connections]atomic.Int32
	handle := func(_ context.Context, line []byte) ([]byte, error) {
		var c, n int
		if _, err := fmt.Sscanf(string(line), "%d %d", &c, &n); err != nil {
			return nil, err
		}
		if busy[c].Add(1) != 1 {
			return nil, errors.New("two requests of one connection at the same time")
		}
		defer busy[c].Add(-1)
		return append(line, '\n'), nil
	}
	// A queue of two places, so that connections wait for it, too.
	report := serving(t, Requests(withPool(t, 4, 2), bufio.ScanLines, handle), []ServerOption{Loops(2)}, func(address string) {
		var all sync.WaitGroup
		for i := range connections {
			c := dialServer(t, address)
			all.Go(func() {
				var sent bytes.Buffer
				for n := range requests {
					fmt.Fprintf(&sent, "%d %d\n", i, n)
				}
				want := sent.String()
				if _, err := c.Write(sent.Bytes()); err != nil {
					t.Error(err)
				}
				got := make([]byte, len(want))
				if _, err := io.ReadFull(c, got); err != nil || string(got) != want {
					t.Errorf("connection %d: %v", i, err)
				}
			})
		}
		all.Wait()
	})
	if report != nil {
		t.Error(report)
	}
}

// While a request is in the pool nothing more is read of its connection, so a
// peer that goes on sending is held up.
func TestRequestInThePoolMutes(t *testing.T) {
	var release sync.WaitGroup
	release.Add(1)
	handle := func(context.Context, []byte) ([]byte, error) {
		release.Wait()
		return nil, nil
	}
	_ = serving(t, Requests(withPool(t, 1, 0), bufio.ScanLines, handle), []ServerOption{DrainTimeout(time.Nanosecond)}, func(address string) {
		c := dialServer(t, address)
		_ = c.SetWriteDeadline(time.Now().Add(500 * time.Millisecond))
		lines := bytes.Repeat([]byte("line\n"), 100_000)
		sent := 0
		for ; sent < 100<<20; sent += len(lines) {
			if _, err := c.Write(lines); err != nil {
				break
			}
		}
		if sent >= 100<<20 {
			t.Error("100 MB were read while one request was being handled")
		}
		release.Done()
	})
}

// With the only worker busy and no queue, others wait and are served.
func TestFullPoolMutes(t *testing.T) {
	gate := make(chan struct{})
	handle := func(_ context.Context, line []byte) ([]byte, error) {
		<-gate
		return upper(context.Background(), line)
	}
	report := serving(t, Requests(withPool(t, 1, 0), bufio.ScanLines, handle), nil, func(address string) {
		var conns []net.Conn
		for range 20 {
			c := dialServer(t, address)
			_, _ = c.Write([]byte("hello\n"))
			conns = append(conns, c)
		}
		close(gate)
		for _, c := range conns {
			if got, err := bufio.NewReader(c).ReadString('\n'); err != nil || got != "HELLO\n" {
				t.Errorf("%q, %v", got, err)
			}
		}
	})
	if report != nil {
		t.Error(report)
	}
}

// heardOn runs a server on a loop whose exceptions are counted.
func heardOn(t *testing.T, h Handler, fn func(ctx context.Context, c *Conn) error, options ...ServerOption) (heard []loop.Exception) {
	t.Helper()
	run(t, func(ctx context.Context) error {
		l, err := Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		server := aio.Go(ctx, func(ctx context.Context) error { return Serve(ctx, l, h, options...) })
		c, err := Dial(ctx, "tcp", l.Addr().String())
		if err != nil {
			return err
		}
		defer c.Close()
		err = fn(ctx, c)
		server.Cancel(nil)
		_, _ = server.Await(ctx)
		return err
	}, aio.ExceptionHandler(func(_ *loop.Loop, e loop.Exception) { heard = append(heard, e) }))
	return heard
}

func expectEnd(c *Conn) error {
	if n, err := c.Read(make([]byte, 1)); err == nil {
		return fmt.Errorf("%d bytes came instead of the end", n)
	}
	return nil
}

func TestRequestPanics(t *testing.T) {
	h := Requests(withPool(t, 1, 1), bufio.ScanLines, func(context.Context, []byte) ([]byte, error) { panic("oh no") })
	heard := heardOn(t, h, func(ctx context.Context, c *Conn) error {
		_, _ = c.Write([]byte("x\n"))
		return expectEnd(c)
	})
	if len(heard) != 1 || !strings.Contains(heard[0].Err.Error(), "requests_test.go") {
		t.Errorf("heard %v", heard)
	}
}

// A million bytes without a separator, and a length beyond all limits: the
// connection is closed, and no more than the limit was kept.
func TestRequestTooLarge(t *testing.T) {
	for name, c := range map[string]struct {
		split bufio.SplitFunc
		sent  []byte
	}{
		"no separator": {bufio.ScanLines, make([]byte, 1_000_000)},
		"length":       {LengthPrefixed(1000), []byte{0xff, 0xff, 0xff, 0xff}},
	} {
		t.Run(name, func(t *testing.T) {
			h := Requests(withPool(t, 1, 1), c.split, upper, RequestSize(100_000))
			heard := heardOn(t, h, func(ctx context.Context, conn *Conn) error {
				_, _ = conn.Write(c.sent)
				return expectEnd(conn)
			})
			if len(heard) != 1 || !errors.Is(heard[0].Err, ErrRequestTooLarge) {
				t.Errorf("heard %v", heard)
			}
		})
	}
}

// A request that comes a byte at a time is whole at its end, and one that the
// end of the stream cuts short is an error.
func TestRequestsInPieces(t *testing.T) {
	h := Requests(withPool(t, 1, 1), LengthPrefixed(100), func(_ context.Context, r []byte) ([]byte, error) {
		return append([]byte(nil), r...), nil
	})
	heard := heardOn(t, h, func(ctx context.Context, c *Conn) error {
		message := binary.BigEndian.AppendUint32(nil, 5)
		message = append(message, "hello"...)
		for _, b := range message {
			if _, err := c.Write([]byte{b}); err != nil {
				return err
			}
			_ = aio.Sleep(ctx, time.Millisecond)
		}
		got := make([]byte, 5)
		if _, err := io.ReadFull(c, got); err != nil || string(got) != "hello" {
			return fmt.Errorf("%q, %v", got, err)
		}
		_, _ = c.Write(message[:6])
		_ = c.CloseWrite()
		return expectEnd(c)
	})
	if len(heard) != 1 || !errors.Is(heard[0].Err, io.ErrUnexpectedEOF) {
		t.Errorf("heard %v", heard)
	}
}

// The last line needs no end, and is answered after the peer's half has ended.
func TestRequestsAfterTheEnd(t *testing.T) {
	report := serving(t, Requests(withPool(t, 1, 1), bufio.ScanLines, upper), nil, func(address string) {
		c := dialServer(t, address)
		_, _ = c.Write([]byte("one\ntwo\nthree"))
		_ = c.(*net.TCPConn).CloseWrite()
		if got, err := io.ReadAll(c); string(got) != "ONE\nTWO\nTHREE\n" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
	})
	if report != nil {
		t.Error(report)
	}
}

func FuzzLengthPrefixed(f *testing.F) {
	f.Add([]byte{0, 0, 0, 1, 'x', 0, 0, 0, 0}, true)
	f.Add([]byte{0, 0, 1, 0}, false)
	f.Fuzz(func(t *testing.T, data []byte, atEOF bool) {
		split := LengthPrefixed(1000)
		for len(data) > 0 {
			n, token, err := split(data, atEOF)
			if err != nil || n == 0 {
				if token != nil {
					t.Fatal("a message without an advance")
				}
				return
			}
			if n != 4+len(token) || int(binary.BigEndian.Uint32(data)) != len(token) || !bytes.Equal(token, data[4:n]) {
				t.Fatalf("advance %d, message of %d", n, len(token))
			}
			data = data[n:]
		}
	})
}
