//go:build unix

package executor_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/executor"
)

func newThreads(t *testing.T, workers int, options ...aio.ThreadPoolOption) *executor.ThreadPool {
	pool := executor.NewThreadPool(workers, options...)
	t.Cleanup(func() {
		if err := pool.Shutdown(context.Background(), false); err != nil {
			t.Error(err)
		}
	})
	return pool
}

// The functions that are only for threads take what no codec could.
var (
	apply = executor.Func("apply", func(ctx context.Context, fn func(context.Context) (int, error)) (int, error) { return fn(ctx) })
)

func TestThreadsRunWithoutEncoding(t *testing.T) {
	everywhere(t, func(t *testing.T, ctx context.Context) {
		pool := newThreads(t, 2)
		n := 0
		out, err := apply.Run(ctx, pool, func(context.Context) (int, error) { n++; return 42, nil })
		if err != nil || out != 42 || n != 1 {
			t.Error(out, err, n)
		}
		call, err := apply.Submit(ctx, pool, func(context.Context) (int, error) { panic("oh") })
		if err != nil {
			t.Fatal(err)
		}
		var panicked *aio.PanicError
		if _, err := call.Await(ctx); !errors.As(err, &panicked) {
			t.Error(err)
		}
	})
}

func TestThreadsStartByPriority(t *testing.T) {
	everywhere(t, func(t *testing.T, ctx context.Context) {
		pool := newThreads(t, 1)
		gate := make(chan struct{})
		first, err := apply.Submit(ctx, pool, func(context.Context) (int, error) { <-gate; return 0, nil })
		if err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		var order []int
		var calls []*executor.Call[int]
		for i, priority := range []int{0, 5, -1, 5, 0, -1} {
			call, err := apply.Submit(ctx, pool, func(context.Context) (int, error) {
				mu.Lock()
				defer mu.Unlock()
				order = append(order, i)
				return 0, nil
			}, executor.Priority(priority))
			if err != nil {
				t.Fatal(err)
			}
			calls = append(calls, call)
		}
		close(gate)
		for _, call := range append(calls, first) {
			if _, err := call.Await(ctx); err != nil {
				t.Error(err)
			}
		}
		if want := []int{1, 3, 0, 4, 2, 5}; !slices.Equal(order, want) {
			t.Errorf("they ran as %v, want %v", order, want)
		}
	})
}

func TestThreadsCancelATask(t *testing.T) {
	pool := newThreads(t, 1)
	started := make(chan struct{})
	ended := make(chan error, 1)
	call, err := apply.Submit(t.Context(), pool, func(ctx context.Context) (int, error) {
		close(started)
		<-ctx.Done()
		ended <- context.Cause(ctx)
		return 0, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	waiting, err := apply.Submit(t.Context(), pool, func(context.Context) (int, error) { t.Error("it ran"); return 0, nil })
	if err != nil {
		t.Fatal(err)
	}
	<-started
	stop := errors.New("stop")
	waiting.Cancel(stop)
	call.Cancel(stop)
	for _, c := range []*executor.Call[int]{call, waiting} {
		if _, err := c.Await(t.Context()); !aio.IsCancelled(err) || !errors.Is(err, stop) {
			t.Error(err)
		}
	}
	if cause := <-ended; !errors.Is(cause, stop) {
		t.Error(cause)
	}
	if call.Cancel(nil) {
		t.Error("an ended call was cancelled")
	}
}

func TestThreadsTimeout(t *testing.T) {
	everywhere(t, func(t *testing.T, ctx context.Context) {
		pool := newThreads(t, 1)
		wait := func(ctx context.Context) (int, error) { <-ctx.Done(); return 0, ctx.Err() }
		_, err := apply.Run(ctx, pool, wait, executor.Timeout(time.Millisecond))
		var timeout *aio.TimeoutError
		if !errors.As(err, &timeout) {
			t.Errorf("Run: %v", err)
		}
		call, err := apply.Submit(ctx, pool, wait, executor.Timeout(time.Millisecond))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := call.Await(ctx); !errors.As(err, &timeout) {
			t.Errorf("Submit: %v", err)
		}
	})
}

func TestThreadsSubmitWaitsForAPlace(t *testing.T) {
	everywhere(t, func(t *testing.T, ctx context.Context) {
		pool := newThreads(t, 1, aio.PoolQueueLength(0))
		gate := make(chan struct{})
		first, err := apply.Submit(ctx, pool, func(context.Context) (int, error) { <-gate; return 1, nil })
		if err != nil {
			t.Fatal(err)
		}
		if _, err := apply.SubmitNoWait(ctx, pool, nil); !errors.Is(err, aio.ErrQueueFull) {
			t.Errorf("SubmitNoWait: %v", err)
		}
		short, cancel := context.WithTimeout(ctx, time.Millisecond)
		defer cancel()
		if _, err := apply.Submit(short, pool, nil); !aio.IsCancelled(err) {
			t.Errorf("Submit that was cancelled: %v", err)
		}
		go close(gate)
		second, err := apply.Submit(ctx, pool, func(context.Context) (int, error) { return 2, nil })
		if err != nil {
			t.Fatal(err)
		}
		for i, call := range []*executor.Call[int]{first, second} {
			if n, err := call.Await(ctx); n != i+1 || err != nil {
				t.Error(n, err)
			}
		}
	})
}

func TestThreadsProgressAndLatency(t *testing.T) {
	pool := newThreads(t, 1)
	pool.MeasureLatency()
	call, err := apply.Submit(t.Context(), pool, func(ctx context.Context) (int, error) {
		for i := range 100 {
			executor.Progress(ctx, int64(i+1), 100, "")
		}
		return 0, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	last := int64(0)
	for u, err := range call.Progress(t.Context()) {
		if err != nil || u.Done <= last {
			t.Fatal(u, err, last)
		}
		last = u.Done
	}
	if last != 100 {
		t.Errorf("the last update was %d", last)
	}
	if _, err := call.Await(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := apply.Run(t.Context(), pool, func(context.Context) (int, error) { return 0, nil }); err != nil {
		t.Error(err)
	}
	if h := pool.Latency(); h.Count < 1 || h.Quantile(1) <= 0 {
		t.Errorf("%+v", h)
	}
}
