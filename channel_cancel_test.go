package aio

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/goaio/aio/loop"
)

// channelWaits wait for ever on channels that nobody else has.
var channelWaits = map[string]func(ctx context.Context) error{
	"receive":          func(ctx context.Context) error { _, _, err := Recv(ctx, make(chan int)); return err },
	"receive from nil": func(ctx context.Context) error { _, _, err := Recv[int](ctx, nil); return err },
	"send":             func(ctx context.Context) error { return Send(ctx, make(chan int), 1) },
	"send to nil":      func(ctx context.Context) error { return Send(ctx, nil, 1) },
	"select nothing":   func(ctx context.Context) error { _, err := Select(ctx); return err },
	"select": func(ctx context.Context) error {
		_, err := Select(ctx, RecvCase[int](nil, nil, nil), SendCase(make(chan int), 1))
		return err
	},
}

func TestAChannelWaitIsCancelled(t *testing.T) {
	for name, wait := range channelWaits {
		t.Run(name, func(t *testing.T) {
			// Under virtual time as well, although nothing but the goroutine that
			// is told to stop can wake the task then.
			balanced(t, func(ctx context.Context) error {
				for range 100 {
					if err := Timeout(ctx, time.Second, wait); !errors.Is(err, context.DeadlineExceeded) {
						return errors.Join(errors.New("no timeout"), err)
					}
				}
				task := Go(ctx, wait)
				if err := Yield(ctx); err != nil {
					return err
				}
				task.Cancel(errTest)
				task.Cancel(nil) // while the outcome of the first is awaited, or before
				if _, err := task.Await(ctx); !IsCancelled(err) || !errors.Is(err, errTest) {
					return errors.Join(errors.New("not cancelled"), err)
				}
				return nil
			})
			for _, place := range places {
				if err := place.run(t, func(ctx context.Context) error {
					ctx, cancel := context.WithCancelCause(ctx)
					cancel(errTest)
					return wait(ctx)
				}); !IsCancelled(err) || !errors.Is(err, errTest) {
					t.Errorf("%s: got %v", place.name, err)
				}
				if err := place.run(t, func(ctx context.Context) error {
					ctx, cancel := context.WithCancelCause(ctx)
					go cancel(errTest)
					return wait(ctx)
				}); !IsCancelled(err) || !errors.Is(err, errTest) {
					t.Errorf("%s: got %v", place.name, err)
				}
			}
		})
	}
}

// However a cancel and a receiver meet, the value is sent or it is not.
func TestASendIsNeitherLostNorDoubled(t *testing.T) {
	send := map[string]func(ctx context.Context, ch chan int) error{
		"send":   func(ctx context.Context, ch chan int) error { return Send(ctx, ch, 7) },
		"select": func(ctx context.Context, ch chan int) error { _, err := Select(ctx, SendCase(ch, 7)); return err },
	}
	for name, send := range send {
		sent, cancelled := 0, 0
		virtually(t, func(ctx context.Context) error {
			for i := range 500 {
				ch, stop, got := make(chan int), make(chan struct{}), make(chan int, 1)
				task := Go(ctx, func(ctx context.Context) error { return send(ctx, ch) })
				if err := Yield(ctx); err != nil {
					return err
				}
				go func() {
					for range i % 5 {
						runtime.Gosched()
					}
					select {
					case v := <-ch:
						got <- v
					case <-stop:
						got <- 0
					}
				}()
				for range i % 7 {
					runtime.Gosched()
				}
				task.Cancel(nil)
				_, err := task.Await(ctx)
				close(stop)
				switch v := <-got; {
				case v == 7 && err == nil:
					sent++
				case v == 0 && IsCancelled(err):
					cancelled++
				default:
					t.Errorf("%s: received %d, %v", name, v, err)
				}
			}
			return nil
		}, keepIdle())
		t.Logf("%s: %d sent, %d cancelled", name, sent, cancelled)
	}
}

// A channel that is closed while a task sends panics on the goroutine that
// waits for it. The race detector takes such a close for a race, so the panic
// is made by other means.
func TestAPanicOfAChannelWaitArrivesInTheTask(t *testing.T) {
	for _, whenStopped := range []bool{false, true} {
		balanced(t, func(ctx context.Context) error {
			task := Go(ctx, func(ctx context.Context) (err error) {
				defer func() { err, _ = recover().(*PanicError) }()
				return offload(ctx, func(stop <-chan struct{}) bool {
					if whenStopped {
						<-stop
					}
					panic(errTest)
				})
			})
			if err := Yield(ctx); err != nil {
				return err
			}
			task.Cancel(nil)
			_, err := task.Await(ctx)
			if p, _ := err.(*PanicError); p == nil || p.Value != errTest {
				t.Errorf("got %v", err)
			}
			return nil
		})
	}
}

// Closing a loop unwinds its tasks; the goroutines that wait for them end.
func TestClosingALoopEndsItsChannelWaits(t *testing.T) {
	l, err := loop.New(loop.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, wait := range channelWaits {
		spawn(l, wait)
	}
	if err := l.RunUntilComplete(spawn(l, func(ctx context.Context) error { return Yield(ctx) })); err != nil {
		t.Error(err)
	}
	if err := l.Close(); !errors.Is(err, loop.ErrAbandoned) {
		t.Errorf("got %v", err)
	}
}

func TestAChannelWaitInACallbackIsRefused(t *testing.T) {
	virtually(t, func(ctx context.Context) error {
		for name, wait := range channelWaits {
			result := NewFuture[int]()
			loop.Current().CallSoon(func() { _ = result.SetError(wait(ctx)) })
			if _, err := result.Await(ctx); !errors.Is(err, ErrAwaitInCallback) {
				t.Errorf("%s: got %v", name, err)
			}
		}
		return nil
	})
}

func TestAReceiveThatNeedNotWaitAllocatesNothing(t *testing.T) {
	virtually(t, func(ctx context.Context) error {
		ch := make(chan int, 1)
		if n := testing.AllocsPerRun(100, func() {
			_ = Send(ctx, ch, 7)
			_, _, _ = Recv(ctx, ch)
		}); n != 0 {
			t.Errorf("%v allocations", n)
		}
		return nil
	})
}
