package aio

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/goaio/aio/loop"
)

// Whoever calls it, a function runs within the executor's bound.
func TestTheExecutorBoundsWhatRuns(t *testing.T) {
	for _, place := range places {
		t.Run(place.name, func(t *testing.T) {
			pool := NewThreadPool(2, PoolQueueLength(1))
			var running, most, ran atomic.Int32
			if err := place.run(t, func(ctx context.Context) error {
				var tasks []*Task[int]
				for i := range 100 {
					tasks = append(tasks, Async(ctx, func(ctx context.Context) (int, error) {
						return BlockingOn(ctx, pool, func(context.Context) (int, error) {
							most.Store(max(most.Load(), running.Add(1)))
							ran.Add(1)
							running.Add(-1)
							return i, nil
						})
					}))
				}
				for i, task := range tasks {
					if v, err := task.Await(ctx); v != i || err != nil {
						return errors.Join(errTest, err)
					}
				}
				return nil
			}); err != nil {
				t.Error(err)
			}
			if most.Load() > 2 || ran.Load() != 100 {
				t.Errorf("%d ran, %d at a time", ran.Load(), most.Load())
			}
			if err := pool.Shutdown(context.Background(), false); err != nil {
				t.Error(err)
			}
			if err := place.run(t, func(ctx context.Context) error {
				_, err := BlockingOn(ctx, pool, func(context.Context) (int, error) { t.Error("it ran"); return 0, nil })
				return err
			}); !errors.Is(err, ErrShutdown) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestFunctionsStartInTheOrderOfTheCalls(t *testing.T) {
	pool := NewThreadPool(1)
	var order []int
	virtually(t, func(ctx context.Context) error {
		return Group(ctx, func(ctx context.Context) error {
			for i := range 200 {
				Go(ctx, func(ctx context.Context) error {
					_, err := BlockingOn(ctx, pool, func(context.Context) (int, error) { order = append(order, i); return 0, nil })
					return err
				})
			}
			return nil
		})
	})
	if len(order) != 200 || !slices.IsSorted(order) {
		t.Errorf("order %v", order)
	}
	if err := pool.Shutdown(context.Background(), false); err != nil {
		t.Error(err)
	}
}

func TestAGoroutineIsCancelledWhileAFunctionRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool := NewThreadPool(1, PoolQueueLength(0))
		release := make(chan struct{})
		ctx, cancel := context.WithCancelCause(t.Context())
		var causes [2]error
		errs := make(chan error)
		for range 2 { // one runs, one waits for a place
			go func() {
				_, err := BlockingOn(ctx, pool, func(ctx context.Context) (int, error) {
					<-release
					causes[0], causes[1] = ctx.Err(), context.Cause(ctx)
					return 0, nil
				})
				errs <- err
			}()
			synctest.Wait()
		}
		cancel(errTest)
		for range 2 {
			if err := <-errs; !IsCancelled(err) || !errors.Is(err, errTest) {
				t.Errorf("got %v", err)
			}
		}
		close(release)
		poolTestShutdown(t, pool)
		if causes[0] != context.Canceled || causes[1] != errTest {
			t.Errorf("the function's context ended with %v", causes)
		}
	})
}

func TestBlockingInACallbackIsRefused(t *testing.T) {
	virtually(t, func(ctx context.Context) error {
		result := NewFuture[int]()
		loop.Current().CallSoon(func() {
			_, err := Blocking(ctx, func(context.Context) (int, error) { t.Error("it ran"); return 0, nil })
			_ = result.SetError(err)
		})
		if _, err := result.Await(ctx); !errors.Is(err, ErrAwaitInCallback) {
			t.Errorf("got %v", err)
		}
		return nil
	})
}

// A name that is an address is answered without a pool.
func TestAnAddressIsLookedUpAtOnce(t *testing.T) {
	virtually(t, func(ctx context.Context) error {
		for _, name := range []string{"127.0.0.1", "::1"} {
			addresses, err := LookupNetIP(ctx, "ip", name)
			if err != nil || len(addresses) != 1 || addresses[0].Unmap().String() != name {
				t.Errorf("%s: got %v, %v", name, addresses, err)
			}
		}
		if executorsOf(loop.Current()).lookups != nil {
			t.Error("a pool was made")
		}
		return nil
	})
}
