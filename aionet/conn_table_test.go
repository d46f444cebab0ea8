//go:build unix && !aix

package aionet

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/goaio/aio"
)

// subject is who a behaviour of connections is tried with: a caller of some
// kind, and two ends of a connection.
type subject struct {
	*testing.T
	ctx    context.Context
	a, b   *Conn
	isTask bool
	start  func(fn func(ctx context.Context) error) *started
}

// started is another caller of the same kind, at work at the same time.
type started struct {
	s      *subject
	cancel func()
	ended  func() error
}

// await waits for the other's end.
func (s *started) await() error { return s.ended() }

// must fails the test for an error, where it stands.
func (s *subject) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// until lets others run until a condition holds.
func (s *subject) until(what string, condition func() bool) {
	s.Helper()
	for end := time.Now().Add(10 * time.Second); !condition(); {
		if time.Now().After(end) {
			s.Fatalf("never %s", what)
		}
		if err := aio.Yield(context.WithoutCancel(s.ctx)); err != nil {
			s.Fatal(err)
		}
	}
}

func (d *descriptor) waits(turn uint32) bool {
	half, _ := d.half(turn)
	d.mu.Lock()
	defer d.mu.Unlock()
	return half.waiter != nil && !half.waiter.Done()
}

// untilWaits returns when somebody waits with the turn in hand.
func (s *subject) untilWaits(c *Conn, turn uint32) {
	s.Helper()
	s.until("waits", func() bool { return c.waits(turn) })
}

func (s *subject) read(c *Conn, want string) {
	s.Helper()
	got := make([]byte, len(want))
	for n := 0; n < len(got); {
		m, err := c.ReadContext(s.ctx, got[n:])
		if err != nil {
			s.Fatalf("read after %q: %v", got[:n], err)
		}
		n += m
	}
	if string(got) != want {
		s.Fatalf("read %q, want %q", got, want)
	}
}

func (s *subject) write(c *Conn, text string) {
	s.Helper()
	if n, err := c.WriteContext(s.ctx, []byte(text)); n != len(text) || err != nil {
		s.Fatalf("wrote %d of %d bytes: %v", n, len(text), err)
	}
}

// fill writes until the system takes no more, and returns how much it took.
func (s *subject) fill(c *Conn) int {
	s.Helper()
	total, piece := 0, make([]byte, 64<<10)
	for {
		c.SetWriteDeadline(time.Now().Add(2 * time.Millisecond))
		n, err := c.WriteContext(s.ctx, piece)
		total += n
		if err != nil {
			if !isTimeout(err) {
				s.Fatal(err)
			}
			c.SetWriteDeadline(time.Time{})
			return total
		}
	}
}

func isTimeout(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.As(err, &timeout) && timeout.Timeout()
}

// pair returns the two ends of a connection.
func pair(ctx context.Context, t testing.TB, network string) (a, b *Conn) {
	t.Helper()
	address := "127.0.0.1:0"
	if network == "unix" {
		address = filepath.Join(t.TempDir(), "s")
	}
	l, err := Listen(ctx, network, address)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if a, err = Dial(ctx, network, l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if b, err = l.AcceptConn(ctx); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close(); b.Close() })
	return a, b
}

// callers are the kinds of callers, each with how to call a behaviour.
var callers = map[string]func(t *testing.T, network string, behave func(s *subject), options ...aio.Option){
	"task": func(t *testing.T, network string, behave func(s *subject), options ...aio.Option) {
		run(t, func(ctx context.Context) error {
			a, b := pair(ctx, t, network)
			behave(taskSubject(ctx, t, a, b))
			return nil
		}, options...)
	},
	"goroutine": func(t *testing.T, network string, behave func(s *subject), _ ...aio.Option) {
		a, b := pair(context.Background(), t, network)
		behave(goroutineSubject(context.Background(), t, a, b))
	},
	"task of another loop": func(t *testing.T, network string, behave func(s *subject), options ...aio.Option) {
		run(t, func(ctx context.Context) error {
			a, b := pair(ctx, t, network) // at home here
			_, err := aio.Blocking(ctx, func(context.Context) (struct{}, error) {
				run(t, func(ctx context.Context) error {
					behave(taskSubject(ctx, t, a, b))
					return nil
				}, options...)
				return struct{}{}, nil
			})
			return err
		}, options...)
	},
	"goroutine with a task's context": func(t *testing.T, network string, behave func(s *subject), options ...aio.Option) {
		run(t, func(ctx context.Context) error {
			a, b := pair(ctx, t, network)
			done := make(chan struct{})
			go func() {
				defer close(done)
				behave(goroutineSubject(ctx, t, a, b))
			}()
			_, _, err := aio.Recv(ctx, done)
			return err
		}, options...)
	},
}

func taskSubject(ctx context.Context, t *testing.T, a, b *Conn) *subject {
	s := &subject{T: t, ctx: ctx, a: a, b: b, isTask: true}
	s.start = func(fn func(ctx context.Context) error) *started {
		task := aio.Go(ctx, fn)
		return &started{
			s:      s,
			cancel: func() { task.Cancel(nil) },
			ended:  func() error { _, err := task.Await(ctx); return err },
		}
	}
	return s
}

func goroutineSubject(ctx context.Context, t *testing.T, a, b *Conn) *subject {
	s := &subject{T: t, ctx: ctx, a: a, b: b}
	s.start = func(fn func(ctx context.Context) error) *started {
		ctx, cancel := context.WithCancel(ctx)
		errs := make(chan error, 1)
		go func() { errs <- fn(ctx) }()
		return &started{s: s, cancel: cancel, ended: func() error { err := <-errs; cancel(); return err }}
	}
	return s
}

// everywhere tries a behaviour with every caller, over TCP and a Unix socket,
// on each of the system's drivers.
func everywhere(t *testing.T, behave func(s *subject)) {
	for name, call := range callers {
		for _, network := range []string{"tcp", "unix"} {
			for _, driver := range []string{"", "portable"} {
				if name == "goroutine" && driver != "" {
					continue // it has no loop of its own to choose a driver for
				}
				t.Run(fmt.Sprintf("%s/%s%s", name, network, map[bool]string{true: "/" + driver}[driver != ""]), func(t *testing.T) {
					if driver == "" {
						call(t, network, behave)
					} else {
						call(t, network, behave, aio.Driver(driver))
					}
				})
			}
		}
	}
}
