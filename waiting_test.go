package aio

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"

	"github.com/goaio/aio/loop"
)

// awaited is one await of a primitive: one wake lets one wait return.
type awaited struct {
	wait func(ctx context.Context) error
	wake func()
	list *loop.WaitList
	mu   *sync.Mutex
}

// reached spins until a wait stands in the list.
func (a awaited) reached() {
	for found := false; !found; runtime.Gosched() {
		a.mu.Lock()
		found = a.list.First() != nil
		a.mu.Unlock()
	}
}

// everyAwait makes each of the awaits of the locks and queues.
var everyAwait = map[string]func() awaited{
	"mutex": func() awaited {
		m := &Mutex{}
		m.TryLock()
		return awaited{m.Lock, m.Unlock, &m.waiters, &m.mu}
	},
	"semaphore": func() awaited {
		s := NewSemaphore(0)
		return awaited{s.Acquire, s.Release, &s.waiters, &s.mu}
	},
	"bounded semaphore": func() awaited {
		s := NewBoundedSemaphore(1)
		s.TryAcquire()
		return awaited{s.Acquire, func() { _ = s.Release() }, &s.semaphore.waiters, &s.semaphore.mu}
	},
	"event": func() awaited {
		e := &Event{}
		return awaited{e.Wait, e.Set, &e.waiters, &e.mu}
	},
	"condition": func() awaited {
		c := NewCondition(nil)
		return awaited{
			wait: func(ctx context.Context) error {
				if err := c.Lock(ctx); err != nil {
					return err
				}
				defer c.Unlock()
				return c.Wait(ctx)
			},
			wake: func() {
				_ = c.Lock(context.Background())
				_ = c.Notify(1)
				c.Unlock()
			},
			list: &c.waiters, mu: &c.mu,
		}
	},
	"get": func() awaited {
		q := NewQueue[int](0)
		return awaited{
			wait: func(ctx context.Context) error { _, err := q.Get(ctx); return err },
			wake: func() { _ = q.PutNoWait(1) },
			list: &q.getters, mu: &q.mu,
		}
	},
	"put": func() awaited {
		q := NewQueue[int](1)
		_ = q.PutNoWait(1)
		return awaited{
			wait: func(ctx context.Context) error { return q.Put(ctx, 1) },
			wake: func() { _, _ = q.GetNoWait() },
			list: &q.putters, mu: &q.mu,
		}
	},
	"join": func() awaited {
		q := NewQueue[int](0)
		_ = q.PutNoWait(1)
		return awaited{q.Join, func() { _ = q.TaskDone() }, &q.joiners, &q.mu}
	},
}

// eachAwait runs test for each await. Under virtual time a wake-up that is lost
// is a deadlock that Run reports.
func eachAwait(t *testing.T, test func(t *testing.T, a awaited)) {
	for name, make := range everyAwait {
		t.Run(name, func(t *testing.T) { test(t, make()) })
	}
}

// twoWaiting runs then when two tasks wait, the first one before the second.
// After it one more wake lets the second return, which it must do.
func twoWaiting(t *testing.T, a awaited, then func(ctx context.Context, first *Task[struct{}])) {
	t.Helper()
	virtually(t, func(ctx context.Context) error {
		first, second := Go(ctx, a.wait), Go(ctx, a.wait)
		_ = Yield(ctx)
		if first.Completed() || second.Completed() {
			t.Fatal("it did not wait")
		}
		then(ctx, first)
		_, err := second.Await(ctx)
		return err
	})
}

func TestAwaitThatIsCancelledTakesNothing(t *testing.T) {
	eachAwait(t, func(t *testing.T, a awaited) {
		twoWaiting(t, a, func(ctx context.Context, first *Task[struct{}]) {
			first.Cancel(errTest)
			if _, err := first.Await(ctx); !IsCancelled(err) || !errors.Is(err, errTest) {
				t.Errorf("got %v", err)
			}
			a.wake()
		})
	})
}

func TestAwaitThatIsCancelledInTheRoundOfAWakePassesItOn(t *testing.T) {
	eachAwait(t, func(t *testing.T, a awaited) {
		twoWaiting(t, a, func(ctx context.Context, first *Task[struct{}]) {
			first.Cancel(errTest)
			a.wake()
			if _, err := first.Await(ctx); !IsCancelled(err) {
				t.Errorf("got %v", err)
			}
		})
	})
}

func TestAwaitThatIsWokenWinsOverACancel(t *testing.T) {
	eachAwait(t, func(t *testing.T, a awaited) {
		twoWaiting(t, a, func(ctx context.Context, first *Task[struct{}]) {
			a.wake()
			first.Cancel(errTest)
			if _, err := first.Await(ctx); err != nil {
				t.Errorf("got %v", err)
			}
			a.wake()
		})
	})
}

func TestAwaitOfAGoroutine(t *testing.T) {
	eachAwait(t, func(t *testing.T, a awaited) {
		ctx, cancel := context.WithCancelCause(context.Background())
		cancel(errTest)
		if err := a.wait(ctx); !IsCancelled(err) || !errors.Is(err, errTest) {
			t.Errorf("got %v", err)
		}
		ended := make(chan error)
		go func() { ended <- a.wait(context.Background()) }()
		a.reached()
		a.wake()
		if err := <-ended; err != nil {
			t.Errorf("got %v", err)
		}
	})
}

func TestAwaitOnACancelledContextYieldsOnce(t *testing.T) {
	eachAwait(t, func(t *testing.T, a awaited) {
		virtually(t, func(ctx context.Context) error {
			var log lines
			ctx, cancel := context.WithCancelCause(ctx)
			cancel(errTest)
			Go(Detached(ctx), func(context.Context) error { log.log("another"); return nil })
			if err := a.wait(ctx); !errors.Is(err, errTest) {
				t.Errorf("got %v", err)
			}
			log.log("cancelled")
			log.want(t, "another", "cancelled")
			return nil
		})
	})
}

func TestAwaitInACallbackIsAnError(t *testing.T) {
	eachAwait(t, func(t *testing.T, a awaited) {
		virtually(t, func(ctx context.Context) error {
			loop.Current().CallSoon(func() {
				if err := a.wait(ctx); !errors.Is(err, ErrAwaitInCallback) {
					t.Errorf("got %v", err)
				}
			})
			waiting := Go(ctx, a.wait)
			_ = Yield(ctx)
			a.wake()
			_, err := waiting.Await(ctx)
			return err
		})
	})
}

// onOwnLoops starts the wait as a task of each of two loops, the first before
// the second. The loops stand still when it returns.
func onOwnLoops(t *testing.T, a awaited) (first, second *loop.Loop, task *Task[struct{}]) {
	t.Helper()
	begin := func() (*loop.Loop, *Task[struct{}]) {
		l, err := loop.New(loop.Options{Driver: "simulated"})
		if err != nil {
			t.Fatal(err)
		}
		task := Go(loop.Carry(context.Background(), l, nil), a.wait)
		l.Stop()
		if err := l.RunForever(); err != nil {
			t.Fatal(err)
		}
		return l, task
	}
	first, _ = begin()
	second, task = begin()
	return first, second, task
}

func TestAwaitOfAClosedLoopTakesNothing(t *testing.T) {
	for _, when := range []string{"before the wake", "after the wake"} {
		t.Run(when, func(t *testing.T) {
			eachAwait(t, func(t *testing.T, a awaited) {
				first, second, task := onOwnLoops(t, a)
				if when == "after the wake" {
					a.wake()
				}
				if err := first.Close(); !errors.Is(err, loop.ErrAbandoned) {
					t.Errorf("close: %v", err)
				}
				if when == "before the wake" {
					a.wake()
				}
				if err := second.RunUntilComplete(task); err != nil {
					t.Error(err)
				}
				if err := second.Close(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// everywhere calls fn, at the same time, in tasks of four loops and in 50
// goroutines. i is another number in each call.
func everywhere(t *testing.T, fn func(ctx context.Context, i int) error) {
	t.Helper()
	const loops, tasks, goroutines = 4, 8, 50
	var all sync.WaitGroup
	for i := range loops {
		all.Go(func() {
			err := Run(context.Background(), func(ctx context.Context) error {
				return Group(ctx, func(ctx context.Context) error {
					for j := range tasks {
						Go(ctx, func(ctx context.Context) error { return fn(ctx, i*tasks+j) })
					}
					return nil
				})
			}, NoInterrupt())
			if err != nil {
				t.Error(err)
			}
		})
	}
	for i := range goroutines {
		all.Go(func() {
			if err := fn(context.Background(), loops*tasks+i); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

const callersEverywhere = 4*8 + 50

// soonCancelled returns a context that another goroutine cancels soon.
func soonCancelled(ctx context.Context) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	go cancel()
	return ctx
}
