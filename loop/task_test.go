package loop

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/goaio/aio/coro"
)

var errTest = errors.New("test")

func TestTasksTakeTurns(t *testing.T) {
	l := newLoop(t)
	var tr trace
	for _, name := range []string{"a", "b"} {
		start(l, func(ctx context.Context) error {
			for range 2 {
				tr.log(name)()
				if err := Yield(ctx); err != nil {
					return err
				}
			}
			return nil
		})
	}
	l.CallLater(time.Second, l.Stop)
	_ = l.RunForever()
	tr.want(t, "a", "b", "a", "b")
}

// However the steps are carried out, the order is that of the ready queue.
func TestCallbacksBetweenStepsKeepTheirPlace(t *testing.T) {
	l := newLoop(t)
	var tr trace
	step := func(name string) func(context.Context) error {
		return func(ctx context.Context) error {
			tr.log(name + "1")()
			l.CallSoon(tr.log("callback of " + name))
			_ = Yield(ctx)
			tr.log(name + "2")()
			return nil
		}
	}
	start(l, step("a"))
	start(l, step("b"))
	l.CallSoon(tr.log("before"))
	start(l, step("c"))
	l.CallLater(time.Second, l.Stop)
	_ = l.RunForever()
	tr.want(t, "a1", "b1", "before", "c1",
		"callback of a", "a2", "callback of b", "b2", "callback of c", "c2")
}

func TestSleepersWakeInOrder(t *testing.T) {
	l := newLoop(t)
	var tr trace
	for _, s := range []struct {
		name string
		d    time.Duration
	}{{"3", 3 * time.Hour}, {"1", time.Hour}, {"2", 2 * time.Hour}} {
		start(l, func(ctx context.Context) error {
			err := Sleep(ctx, s.d)
			tr.log(s.name)()
			return err
		})
	}
	l.CallLater(4*time.Hour, l.Stop)
	_ = l.RunForever()
	tr.want(t, "1", "2", "3")
}

func TestACancelInterruptsASleep(t *testing.T) {
	l := newLoop(t)
	task := start(l, func(ctx context.Context) error { return Sleep(ctx, time.Hour) })
	l.CallLater(time.Second, func() { task.Cancel(errTest) })
	before := l.Now()
	err := l.RunUntilComplete(task)
	if !errors.Is(err, context.Canceled) || !errors.Is(err, errTest) || !task.Cancelled() {
		t.Errorf("got %v", err)
	}
	if passed := l.Now().Sub(before); passed != time.Second {
		t.Errorf("%v passed", passed)
	}
	if n := len(l.timers.heap); n != 0 {
		t.Errorf("%d timers are left", n)
	}
}

func TestATaskCancelledBeforeItsFirstStepStillStarts(t *testing.T) {
	l := newLoop(t)
	started := false
	var inside error
	task := start(l, func(ctx context.Context) error {
		started = true
		inside = ctx.Err()
		return Sleep(ctx, time.Hour)
	})
	l.CallSoon(func() { task.Cancel(nil) })
	var other *Task
	l.CallSoon(func() {
		other = start(l, func(ctx context.Context) error { return Yield(ctx) })
		other.Cancel(nil)
	})
	_ = l.RunUntilComplete(task)
	if !started || !task.Cancelled() {
		t.Errorf("started: %v, cancelled: %v, context: %v", started, task.Cancelled(), inside)
	}
	if other.Completed() && !other.Cancelled() {
		t.Error("a cancel before the first step was lost")
	}
}

func TestAPanicIsAnErrorWithItsStack(t *testing.T) {
	l := newLoop(t, func(o *Options) { o.ExceptionHandler = func(*Loop, Exception) {} })
	task := start(l, func(ctx context.Context) error {
		_ = Yield(ctx)
		explode()
		return nil
	})
	err := l.RunUntilComplete(task)
	var p *PanicError
	if !errors.As(err, &p) || p.Value != "boom" || !strings.Contains(string(p.Stack), "explode") {
		t.Errorf("got %v", err)
	}
}

func explode() { panic("boom") }

func TestGoexitEndsOneTask(t *testing.T) {
	l := newLoop(t)
	deferred := false
	dying := start(l, func(ctx context.Context) error {
		defer func() { deferred = true }()
		_ = Yield(ctx)
		runtime.Goexit()
		return nil
	})
	other := start(l, func(ctx context.Context) error { return Sleep(ctx, time.Second) })
	if err := l.RunUntilComplete(other); err != nil {
		t.Error(err)
	}
	if err := dying.Err(); !errors.Is(err, ErrGoexit) || !deferred {
		t.Errorf("got %v, deferred: %v", err, deferred)
	}
}

// A task that ends its coroutine while another one steps it must not take that
// one along.
func TestGoexitInARelayedStep(t *testing.T) {
	l := newLoop(t)
	var tr trace
	for _, name := range []string{"a", "dies", "b"} {
		start(l, func(ctx context.Context) error {
			for range 3 {
				tr.log(name)()
				_ = Yield(ctx)
				if name == "dies" {
					runtime.Goexit()
				}
			}
			return nil
		})
	}
	l.CallLater(time.Second, l.Stop)
	_ = l.RunForever()
	tr.want(t, "a", "dies", "b", "a", "b", "a", "b")
}

func TestAwaitInACallbackIsAnError(t *testing.T) {
	l := newLoop(t)
	l.CallSoon(func() {
		if err := Sleep(context.Background(), time.Second); !errors.Is(err, ErrAwaitInCallback) {
			t.Errorf("got %v", err)
		}
		l.Stop()
	})
	_ = l.RunForever()
}

func TestAGeneratorInATaskAwaits(t *testing.T) {
	l := newLoop(t)
	var tr trace
	task := start(l, func(ctx context.Context) error {
		inner := coro.NewGenerator(func(y *coro.Yielder[string, struct{}]) error {
			if err := Sleep(ctx, time.Hour); err != nil {
				return err
			}
			_, err := y.Yield("inner")
			return err
		})
		outer := coro.NewGenerator(func(y *coro.Yielder[string, struct{}]) error {
			for text := range inner.All() {
				if err := Sleep(ctx, time.Hour); err != nil {
					return err
				}
				if _, err := y.Yield(text + " by outer"); err != nil {
					return err
				}
			}
			return Sleep(ctx, time.Hour)
		})
		for text := range outer.All() {
			tr.log(text)()
		}
		return errors.Join(inner.Err(), outer.Err())
	})
	start(l, func(ctx context.Context) error {
		_ = Sleep(ctx, time.Minute)
		tr.log("another task")()
		return nil
	})
	before := l.Now()
	if err := l.RunUntilComplete(task); err != nil {
		t.Fatal(err)
	}
	tr.want(t, "another task", "inner by outer")
	if passed := l.Now().Sub(before); passed != 3*time.Hour {
		t.Errorf("%v passed", passed)
	}
}

func TestCircles(t *testing.T) {
	l := newLoop(t)
	var a, b, c *Task
	join := func(other **Task) func(context.Context) error {
		return func(ctx context.Context) error {
			_ = Yield(ctx)
			err, _ := (*other).Join(ctx)
			return err
		}
	}
	a, b, c = start(l, join(&b)), start(l, join(&c)), start(l, join(&a))
	err := l.RunUntilComplete(a)
	var deadlock *DeadlockError
	if !errors.As(err, &deadlock) || !deadlock.Cycle {
		t.Fatalf("got %v", err)
	}
	if text := deadlock.Error(); text != "deadlock: Task-3 awaits Task-1 awaits Task-2 awaits Task-3" {
		t.Error(text)
	}
}

func TestACancelledWaitIsNoPartOfACircle(t *testing.T) {
	l := newLoop(t)
	var waits *Task
	main := start(l, func(ctx context.Context) error {
		self := CurrentTask()
		waits = start(l, func(ctx context.Context) error {
			err, _ := self.Join(ctx)
			return err
		})
		_ = Yield(ctx)
		waits.Cancel(nil)
		if err, _ := waits.Join(ctx); !IsCancelled(err) {
			t.Errorf("got %v", err)
		}
		return nil
	})
	if err := l.RunUntilComplete(main); err != nil {
		t.Fatal(err)
	}
}

func TestAnIdleLoopUnderVirtualTimeIsADeadlock(t *testing.T) {
	l, _ := New(Options{Driver: "simulated"})
	f := &Future{}
	task := start(l, func(ctx context.Context) error {
		err, _ := f.Wait(ctx)
		return err
	})
	err := l.RunUntilComplete(task)
	var deadlock *DeadlockError
	if !errors.As(err, &deadlock) || deadlock.Cycle || len(deadlock.Tasks) != 1 {
		t.Errorf("got %v", err)
	}
	if err := l.Close(); !errors.Is(err, ErrAbandoned) || !strings.Contains(err.Error(), "Task-1") {
		t.Errorf("close: %v", err)
	}
}

func TestEagerStart(t *testing.T) {
	l := newLoop(t, func(o *Options) { o.EagerStart = true })
	var tr trace
	main := start(l, func(ctx context.Context) error {
		tr.log("before")()
		start(l, func(ctx context.Context) error {
			tr.log("child")()
			_ = Yield(ctx)
			tr.log("child again")()
			return nil
		})
		start(l, func(context.Context) error { runtime.Goexit(); return nil })
		tr.log("after")()
		return Sleep(ctx, time.Second)
	})
	if err := l.RunUntilComplete(main); err != nil {
		t.Fatal(err)
	}
	tr.want(t, "before", "child", "after", "child again")
}

func TestCoroutinesAreReused(t *testing.T) {
	run(t, func(ctx context.Context) error {
		l := Current()
		for range 100 {
			task := start(l, func(context.Context) error { return nil })
			if err, _ := task.Wait(ctx); err != nil {
				return err
			}
		}
		if n := len(l.pool.idle); n != 1 {
			t.Errorf("%d coroutines are idle", n)
		}
		return nil
	})
}

func TestThePoolIsBoundedAndShrinks(t *testing.T) {
	run(t, func(ctx context.Context) error {
		l := Current()
		for range 3 * maxIdle {
			start(l, func(ctx context.Context) error { return Sleep(ctx, time.Second) })
		}
		if err := Sleep(ctx, 2*time.Second); err != nil {
			return err
		}
		if n := len(l.pool.idle); n > maxIdle {
			t.Errorf("%d coroutines are idle", n)
		}
		for range 20 {
			if err := Sleep(ctx, time.Second); err != nil {
				return err
			}
		}
		if n := len(l.pool.idle); n > 16 {
			t.Errorf("%d coroutines are still idle", n)
		}
		return nil
	})
}
