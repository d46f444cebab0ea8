package aio

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/goaio/aio/loop"
)

func TestTheLoopGoesOnWhileAFunctionBlocks(t *testing.T) {
	virtually(t, func(ctx context.Context) error {
		release := make(chan struct{})
		Go(ctx, func(ctx context.Context) error { close(release); return nil })
		v, err := Blocking(ctx, func(context.Context) (int, error) { <-release; return 7, errTest })
		if v != 7 || err != errTest {
			t.Errorf("got %d, %v", v, err)
		}
		return nil
	})
}

// Virtual time stands still while a function is out.
func TestVirtualTimeWaitsForBlockingFunctions(t *testing.T) {
	virtually(t, func(ctx context.Context) error {
		start := loopOf(ctx).Now()
		sleeper := Go(ctx, func(ctx context.Context) error { return Sleep(ctx, time.Hour) })
		if _, err := Blocking(ctx, func(context.Context) (int, error) { runtime.Gosched(); return 0, nil }); err != nil {
			return err
		}
		if passed := loopOf(ctx).Now().Sub(start); passed != 0 {
			t.Errorf("%v passed", passed)
		}
		_, err := sleeper.Await(ctx)
		return err
	})
}

func TestACancelledBlockingReturnsAtOnce(t *testing.T) {
	ended, release := make(chan error, 1), make(chan struct{})
	virtually(t, func(ctx context.Context) error {
		started := NewFuture[int]()
		task := Go(ctx, func(ctx context.Context) error {
			_, err := Blocking(ctx, func(ctx context.Context) (int, error) {
				_ = started.SetResult(1)
				<-ctx.Done()
				ended <- context.Cause(ctx)
				<-release
				return 0, nil
			})
			return err
		})
		if _, err := started.Await(ctx); err != nil {
			return err
		}
		task.Cancel(errTest)
		if _, err := task.Await(ctx); !errors.Is(err, errTest) || !task.Cancelled() {
			t.Errorf("got %v", err)
		}
		close(release)
		return nil
	}, keepIdle())
	if cause := <-ended; cause != errTest {
		t.Errorf("the function's context ended with %v", cause)
	}
}

func TestACancelledFunctionThatWaitsNeverRuns(t *testing.T) {
	virtually(t, func(ctx context.Context) error {
		release := make(chan struct{})
		first := Go(ctx, func(ctx context.Context) error {
			_, err := Blocking(ctx, func(context.Context) (int, error) { <-release; return 0, nil })
			return err
		})
		second := Go(ctx, func(ctx context.Context) error {
			_, err := Blocking(ctx, func(context.Context) (int, error) { t.Error("it ran"); return 0, nil })
			return err
		})
		if err := Yield(ctx); err != nil {
			return err
		}
		second.Cancel(nil)
		_, err := second.Await(ctx)
		close(release)
		if !IsCancelled(err) {
			t.Errorf("got %v", err)
		}
		_, err = first.Await(ctx)
		return err
	}, Workers(1), keepIdle())
}

func TestPanicAndGoexitOfABlockingFunction(t *testing.T) {
	virtually(t, func(ctx context.Context) error {
		_, err := Blocking(ctx, func(context.Context) (int, error) { panic("boom") })
		var p *PanicError
		if !errors.As(err, &p) || p.Value != "boom" {
			t.Errorf("got %v", err)
		}
		_, err = Blocking(ctx, func(context.Context) (int, error) { runtime.Goexit(); return 0, nil })
		if !errors.Is(err, ErrGoexit) {
			t.Errorf("got %v", err)
		}
		v, err := Blocking(ctx, func(context.Context) (int, error) { return 7, nil })
		return want(v, 7, err)
	})
}

func TestAPanicThatNobodyWaitsForIsReported(t *testing.T) {
	reported := make(chan error, 1)
	virtually(t, func(ctx context.Context) error {
		release, started := make(chan struct{}), NewFuture[int]()
		task := Go(ctx, func(ctx context.Context) error {
			_, err := Blocking(ctx, func(context.Context) (int, error) {
				_ = started.SetResult(1)
				<-release
				panic("boom")
			})
			return err
		})
		if _, err := started.Await(ctx); err != nil {
			return err
		}
		task.Cancel(nil)
		_, _ = task.Await(ctx)
		close(release)
		_, _, err := Recv(ctx, reported)
		return err
	}, keepIdle(), ExceptionHandler(func(_ *loop.Loop, e loop.Exception) { reported <- e.Err }))
}

// A queue that is full suspends the tasks and not their loop.
func TestAFullQueueSuspendsTheTask(t *testing.T) {
	pool := NewThreadPool(2, PoolQueueLength(1))
	var ran atomic.Int32
	virtually(t, func(ctx context.Context) error {
		return Group(ctx, func(ctx context.Context) error {
			for range 1000 {
				Go(ctx, func(ctx context.Context) error {
					_, err := BlockingOn(ctx, pool, func(context.Context) (int, error) { ran.Add(1); return 0, nil })
					return err
				})
			}
			return nil
		})
	}, keepIdle())
	if n := ran.Load(); n != 1000 {
		t.Errorf("%d functions ran", n)
	}
	if err := pool.Shutdown(context.Background(), false); err != nil {
		t.Error(err)
	}
	virtually(t, func(ctx context.Context) error {
		if _, err := BlockingOn(ctx, pool, func(context.Context) (int, error) { return 0, nil }); !errors.Is(err, ErrShutdown) {
			t.Errorf("got %v", err)
		}
		return nil
	})
}

func TestTheDefaultExecutorIsReplaced(t *testing.T) {
	pool := NewThreadPool(1)
	defer func() { _ = pool.Shutdown(context.Background(), false) }()
	virtually(t, func(ctx context.Context) error {
		SetDefaultExecutor(pool)
		if _, err := Blocking(ctx, func(context.Context) (int, error) { return 0, nil }); err != nil {
			return err
		}
		if workers := pool.Stats().Workers; workers != 1 {
			t.Errorf("%d workers", workers)
		}
		return nil
	})
}
