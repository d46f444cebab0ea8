package aio

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/goaio/aio/loop"
)

var errNotCounted = errors.New("a function ran twice, or for nobody")

func TestWithACancelledContextNothingRuns(t *testing.T) {
	for _, place := range places {
		t.Run(place.name, func(t *testing.T) {
			if err := place.run(t, func(ctx context.Context) error {
				ctx, cancel := context.WithCancelCause(ctx)
				cancel(errTest)
				for range 100 {
					_, err := Blocking(ctx, func(context.Context) (int, error) { t.Error("it ran"); return 0, nil })
					if !IsCancelled(err) || !errors.Is(err, errTest) {
						return errors.Join(errors.New("not cancelled"), err)
					}
				}
				return nil
			}); err != nil {
				t.Error(err)
			}
		})
	}
}

// balanced checks that as many holds of the loop were released as were taken:
// with one too many held time does not go on, with one too few a deadlock is
// not found.
func balanced(t *testing.T, main func(ctx context.Context) error, options ...Option) {
	t.Helper()
	stuck := false
	err := Run(context.Background(), func(ctx context.Context) error {
		if err := main(ctx); err != nil {
			t.Error(err)
		}
		if err := Sleep(ctx, time.Hour); err != nil {
			return err
		}
		stuck = true
		_, err := NewFuture[int]().Await(ctx)
		return err
	}, append([]Option{Driver("simulated"), NoInterrupt()}, options...)...)
	var deadlock *DeadlockError
	if !stuck || !errors.As(err, &deadlock) {
		t.Errorf("the loop is held after all: %v", err)
	}
}

// Cancels come before the submission, while a job waits for a place, while it
// is queued, while it runs and when it has ended.
func TestCancelsAtEveryPoint(t *testing.T) {
	for seed := range uint64(30) {
		random := rand.New(rand.NewPCG(seed, 0))
		executors := map[string]Executor{
			"pool":  NewThreadPool(2, PoolQueueLength(3)),
			"other": otherExecutor{NewThreadPool(2, PoolQueueLength(3))},
		}
		for name, executor := range executors {
			balanced(t, func(ctx context.Context) error {
				var ran, returned, cancelled atomic.Int32
				var tasks []*Task[int]
				for i := range 100 {
					tasks = append(tasks, Async(ctx, func(ctx context.Context) (int, error) {
						return BlockingOn(ctx, executor, func(context.Context) (int, error) {
							ran.Add(1)
							runtime.Gosched()
							return i, nil
						})
					}))
				}
				for i, task := range tasks {
					if random.IntN(2) == 0 {
						tasks[random.IntN(len(tasks))].Cancel(errTest)
					}
					if random.IntN(3) == 0 {
						if err := Yield(ctx); err != nil {
							return err
						}
					}
					if i%10 == 0 {
						_, _ = task.Await(ctx)
					}
				}
				for i, task := range tasks {
					v, err := task.Await(ctx)
					switch {
					case err == nil && v == i:
						returned.Add(1)
					case errors.Is(err, errTest) && v == 0:
						cancelled.Add(1)
					default:
						t.Errorf("%s, seed %d: got %d, %v for %d", name, seed, v, err, i)
					}
				}
				if returned.Load()+cancelled.Load() != 100 || ran.Load() < returned.Load() || ran.Load() > 100 {
					return errNotCounted
				}
				return nil
			})
			if err := executor.Shutdown(context.Background(), false); err != nil {
				t.Error(err)
			}
		}
	}
}

// otherExecutor hides that it is a thread pool.
type otherExecutor struct{ Executor }

func TestACancelWhileWaitingForAPlaceSubmitsNothing(t *testing.T) {
	pool := NewThreadPool(1, PoolQueueLength(0))
	release := make(chan struct{})
	balanced(t, func(ctx context.Context) error {
		first := Go(ctx, func(ctx context.Context) error {
			_, err := BlockingOn(ctx, pool, func(context.Context) (int, error) { <-release; return 0, nil })
			return err
		})
		second := Go(ctx, func(ctx context.Context) error {
			_, err := BlockingOn(ctx, pool, func(context.Context) (int, error) { t.Error("it ran"); return 0, nil })
			return err
		})
		if err := Yield(ctx); err != nil {
			return err
		}
		if n := pool.Stats().Waiting; n != 1 {
			t.Errorf("%d wait", n)
		}
		second.Cancel(nil)
		_, err := second.Await(ctx)
		if n := pool.Stats().Waiting; n != 0 || !IsCancelled(err) {
			t.Errorf("%d wait, %v", n, err)
		}
		close(release)
		_, err = first.Await(ctx)
		return err
	})
	if err := pool.Shutdown(context.Background(), false); err != nil {
		t.Error(err)
	}
}

// A function that ends after main has ended is awaited by Run, and its panic
// reported, although the loop runs no more.
func TestALatePanicIsReported(t *testing.T) {
	var reported []error
	release := make(chan struct{})
	virtually(t, func(ctx context.Context) error {
		started := NewFuture[int]()
		Go(ctx, func(ctx context.Context) error {
			_, err := Blocking(ctx, func(context.Context) (int, error) {
				_ = started.SetResult(1)
				<-release
				panic("boom")
			})
			go close(release)
			return err
		})
		_, err := started.Await(ctx)
		return err
	}, ExceptionHandler(func(_ *loop.Loop, e loop.Exception) { reported = append(reported, e.Err) }))
	var p *PanicError
	if len(reported) != 1 || !errors.As(reported[0], &p) || p.Value != "boom" {
		t.Errorf("reported %v", reported)
	}
}

// Closing a loop unwinds its tasks from where they wait: a function that runs
// hears of it, one that waits for its turn never runs.
func TestClosingALoopLeavesItsFunctions(t *testing.T) {
	for _, executor := range []Executor{NewThreadPool(1, PoolQueueLength(1)), otherExecutor{NewThreadPool(1, PoolQueueLength(1))}} {
		l, err := loop.New(loop.Options{})
		if err != nil {
			t.Fatal(err)
		}
		started, cause, closed := NewFuture[int](), make(chan error, 1), make(chan struct{})
		var others atomic.Int32
		spawn(l, func(ctx context.Context) error {
			_, err := BlockingOn(ctx, executor, func(ctx context.Context) (int, error) {
				_ = started.SetResult(1)
				<-ctx.Done()
				cause <- context.Cause(ctx)
				<-closed // until then the others would have an awaiter
				return 0, nil
			})
			return err
		})
		for range 3 { // one is queued, two wait for a place
			spawn(l, func(ctx context.Context) error {
				_, err := BlockingOn(ctx, executor, func(context.Context) (int, error) { others.Add(1); return 0, nil })
				return err
			})
		}
		main := spawn(l, func(ctx context.Context) error { _, err := started.Await(ctx); return err })
		if err := l.RunUntilComplete(main); err != nil {
			t.Error(err)
		}
		if err := l.Close(); !errors.Is(err, loop.ErrAbandoned) {
			t.Errorf("got %v", err)
		}
		close(closed)
		if err := <-cause; !errors.Is(err, ErrClosed) {
			t.Errorf("the function's context ended with %v", err)
		}
		if err := executor.Shutdown(context.Background(), false); err != nil || others.Load() != 0 {
			t.Errorf("%v, %d other functions ran", err, others.Load())
		}
	}
}

// spawn starts a task on a loop that does not run yet.
func spawn(l *loop.Loop, fn func(context.Context) error) *loop.Task {
	t := &Task[struct{}]{}
	loop.Start(l, &t.core, context.Background(), effect(fn))
	return &t.core
}
