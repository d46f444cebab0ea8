//go:build unix

package executor_test

import (
	"context"
	"errors"
	"iter"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/executor"
)

var (
	errOdd = errors.New("odd")
	halve  = executor.Func("halve", func(_ context.Context, n int) (int, error) {
		if n%2 == 1 {
			return 0, errOdd
		}
		return n / 2, nil
	})
	running atomic.Int32
	hang    = executor.Func("hang", func(ctx context.Context, n int) (int, error) {
		if n == 0 {
			return 0, nil
		}
		running.Add(1)
		defer running.Add(-1)
		<-ctx.Done()
		return 0, ctx.Err()
	})
)

func init() { executor.RegisterError(errOdd) }

// onEach runs a test body on a thread pool and on a process pool, in a goroutine
// and as a task.
func onEach(t *testing.T, body func(t *testing.T, ctx context.Context, on executor.Executor)) {
	t.Helper()
	t.Run("threads", func(t *testing.T) {
		everywhere(t, func(t *testing.T, ctx context.Context) { body(t, ctx, newThreads(t, 2)) })
	})
	t.Run("processes", func(t *testing.T) {
		everywhere(t, func(t *testing.T, ctx context.Context) {
			body(t, ctx, newPool(t, executor.ProcessPoolOptions{Workers: 2, Grace: -1}))
		})
	})
}

func TestMapKeepsTheOrder(t *testing.T) {
	onEach(t, func(t *testing.T, ctx context.Context, on executor.Executor) {
		var inputs, got []int
		for i := range 100 {
			inputs = append(inputs, i)
		}
		for out, err := range halve.Map(ctx, on, slices.Values(inputs)) {
			n := len(got)
			if n%2 == 1 && !errors.Is(err, errOdd) || n%2 == 0 && (err != nil || out != n/2) {
				t.Errorf("result %d is %d, error %v", n, out, err)
			}
			got = append(got, out)
		}
		if len(got) != len(inputs) {
			t.Errorf("%d results", len(got))
		}
	})
}

func TestMapAsCompletedGivesEachOnce(t *testing.T) {
	onEach(t, func(t *testing.T, ctx context.Context, on executor.Executor) {
		seen := map[int]bool{}
		inputs := func(yield func(int) bool) {
			for i := range 100 {
				if !yield(i) {
					return
				}
			}
		}
		for m, err := range halve.MapAsCompleted(ctx, on, inputs) {
			if seen[m.Index] || m.In != m.Index || m.In%2 == 1 && !errors.Is(err, errOdd) || m.In%2 == 0 && (err != nil || m.Out != m.In/2) {
				t.Errorf("%+v, error %v", m, err)
			}
			seen[m.Index] = true
		}
		if len(seen) != 100 {
			t.Errorf("%d results", len(seen))
		}
	})
}

func TestMapLooksAheadSoFar(t *testing.T) {
	onEach(t, func(t *testing.T, ctx context.Context, on executor.Executor) {
		taken, given := 0, 0
		inputs := func(yield func(int) bool) {
			for range 50 {
				if taken++; taken-given > 4 {
					t.Errorf("%d inputs were taken when %d results had been given", taken, given)
				}
				if !yield(0) {
					return
				}
			}
		}
		for _, err := range halve.Map(ctx, on, inputs, executor.LookAhead(3)) {
			if given++; err != nil {
				t.Error(err)
			}
		}
		if given != 50 {
			t.Errorf("%d results", given)
		}
	})
}

func TestLeavingAMapCancelsTheRest(t *testing.T) {
	onEach(t, func(t *testing.T, ctx context.Context, on executor.Executor) {
		inputs := slices.Values([]int{0, 1, 2, 3})
		for _, err := range hang.Map(ctx, on, inputs, executor.LookAhead(4)) {
			if err != nil {
				t.Error(err)
			}
			break
		}
		for m, err := range hang.MapAsCompleted(ctx, on, inputs, executor.LookAhead(4)) {
			if err != nil || m.In != 0 {
				t.Error(m, err)
			}
			break
		}
		if out, err := halve.Run(ctx, on, 4); out != 2 || err != nil {
			t.Error(out, err)
		}
	})
}

func TestACancelEndsAMap(t *testing.T) {
	onEach(t, func(t *testing.T, ctx context.Context, on executor.Executor) {
		for name, ranged := range map[string]func(context.Context) iter.Seq[error]{
			"Map": func(ctx context.Context) iter.Seq[error] {
				return func(yield func(error) bool) {
					for _, err := range hang.Map(ctx, on, slices.Values([]int{1, 2, 3})) {
						if !yield(err) {
							return
						}
					}
				}
			},
			"MapAsCompleted": func(ctx context.Context) iter.Seq[error] {
				return func(yield func(error) bool) {
					for _, err := range hang.MapAsCompleted(ctx, on, slices.Values([]int{1, 2, 3})) {
						if !yield(err) {
							return
						}
					}
				}
			},
		} {
			inner, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
			n := 0
			for err := range ranged(inner) {
				if n++; !aio.IsCancelled(err) && !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("%s: error %v", name, err)
				}
			}
			cancel()
			if n == 0 {
				t.Errorf("%s: no error", name)
			}
		}
	})
}
