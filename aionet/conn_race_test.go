//go:build unix && !aix

package aionet

import (
	"context"
	"errors"
	"io"
	"net"
	"runtime"
	"sync"
	"testing"

	"github.com/goaio/aio"
	"github.com/goaio/aio/loop"
)

// Connections are closed while others read and write them, and their numbers
// are at once another connection's. No byte may go to the wrong one.
func TestConnClosedConcurrentlyAndItsNumberReused(t *testing.T) {
	const workers, rounds = 6, 60
	for name, inTasks := range map[string]bool{"goroutines": false, "tasks": true} {
		t.Run(name, func(t *testing.T) {
			l, err := Listen(context.Background(), "tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			var accepting sync.Mutex // so that who dials gets its own other end
			hammer := func(ctx context.Context, id byte) {
				for range rounds {
					accepting.Lock()
					raw, err := net.Dial("tcp", l.Addr().String())
					if err != nil {
						t.Error(err)
					}
					b := raw
					a, err := l.AcceptConn(context.Background())
					accepting.Unlock()
					if err != nil {
						t.Error(err)
						return
					}
					var others sync.WaitGroup
					others.Go(func() { // the peer, who expects nothing but id
						message := make([]byte, 100)
						for i := range message {
							message[i] = id
						}
						_, _ = b.Write(message)
						expectOnly(t, b, id)
						b.Close()
					})
					others.Go(func() {
						for range id % 4 {
							runtime.Gosched()
						}
						a.Close()
					})
					if inTasks {
						err = aio.Group(ctx, func(ctx context.Context) error {
							aio.Go(ctx, func(context.Context) error { expectOnly(t, a, id); return nil })
							aio.Go(ctx, func(context.Context) error { writeOnly(a, id); return nil })
							return nil
						})
						if err != nil {
							t.Error(err)
						}
						// The loop must not be blocked: with the portable driver the
						// connection's copy is closed by it, and the peer waits for that.
						_, err = aio.Blocking(ctx, func(context.Context) (any, error) { others.Wait(); return nil, nil })
						if err != nil {
							t.Error(err)
						}
					} else {
						others.Go(func() { expectOnly(t, a, id) })
						writeOnly(a, id)
						others.Wait()
					}
				}
			}
			var wait sync.WaitGroup
			for i := range byte(workers) {
				wait.Go(func() {
					if !inTasks {
						hammer(context.Background(), i)
						return
					}
					run(t, func(ctx context.Context) error { hammer(ctx, i); return nil })
				})
			}
			wait.Wait()
		})
	}
}

// expectOnly reads to the end, however that comes, and wants nothing but id.
func expectOnly(t *testing.T, c net.Conn, id byte) {
	p := make([]byte, 30)
	for {
		n, err := c.Read(p)
		for _, got := range p[:n] {
			if got != id {
				t.Errorf("connection %d read a byte of connection %d", id, got)
			}
		}
		if err != nil {
			return
		}
	}
}

func writeOnly(c net.Conn, id byte) {
	p := make([]byte, 20)
	for i := range p {
		p[i] = id
	}
	for range 20 {
		if _, err := c.Write(p); err != nil {
			return
		}
	}
}

// A task whose loop is closed is unwound from its read; the connection is not
// the loop's and lives on.
func TestConnLoopClosedUnderAWaitingTask(t *testing.T) {
	l, err := loop.New(loop.Options{ExceptionHandler: func(*loop.Loop, loop.Exception) {}})
	if err != nil {
		t.Fatal(err)
	}
	a, b := pair(context.Background(), t, "tcp")
	unwound := 0
	for range 3 { // one has the turn to write, the others wait for it
		task := &loop.Task{}
		loop.Start(l, task, context.Background(), body(func(context.Context) error {
			defer func() { unwound++ }()
			_, err := a.Write(make([]byte, 16<<20))
			return err
		}))
	}
	reader := &loop.Task{}
	loop.Start(l, reader, context.Background(), body(func(context.Context) error {
		defer func() { unwound++ }()
		_, err := a.Read(make([]byte, 1))
		return err
	}))
	l.CallSoon(func() { waitUntilBoth(l, a) })
	if err := l.RunForever(); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); !errors.Is(err, loop.ErrAbandoned) {
		t.Errorf("closing the loop returned %v", err)
	}
	if unwound != 4 {
		t.Errorf("%d tasks of 4 were unwound", unwound)
	}
	if _, err := b.Write([]byte("lives on")); err != nil {
		t.Error(err)
	}
	got := make([]byte, 8)
	if _, err := io.ReadFull(a, got); err != nil || string(got) != "lives on" {
		t.Errorf("read %q, %v", got, err)
	}
	go func() { _, _ = io.Copy(io.Discard, b) }()
	if _, err := a.Write([]byte("both ways")); err != nil {
		t.Error(err)
	}
	a.Close()
}

type body func(ctx context.Context) error

func (fn body) Run(ctx context.Context) error { return fn(ctx) }

// waitUntilBoth stops the loop when somebody reads and somebody writes.
func waitUntilBoth(l *loop.Loop, c *Conn) {
	if c.waits(reading) && c.waits(writing) {
		l.Stop()
	} else {
		l.CallSoon(func() { waitUntilBoth(l, c) })
	}
}

// A goroutine's read does not depend on a loop that user code blocks, although
// the connection is at home there.
func TestConnGoroutineBesideABlockedLoop(t *testing.T) {
	everyDriver(t, func(t *testing.T, options ...aio.Option) {
		run(t, func(ctx context.Context) error {
			a, b := pair(ctx, t, "tcp")
			errs := make(chan error)
			go func() {
				_, err := a.Read(make([]byte, 1))
				errs <- err
			}()
			for !a.waits(reading) {
				runtime.Gosched()
			}
			if _, err := b.Write([]byte("x")); err != nil {
				return err
			}
			return <-errs // blocks the loop
		}, options...)
	})
}

func everyDriver(t *testing.T, fn func(t *testing.T, options ...aio.Option)) {
	t.Run("default", func(t *testing.T) { fn(t) })
	t.Run("portable", func(t *testing.T) { fn(t, aio.Driver("portable")) })
}
