//go:build unix

package executor_test

import (
	"context"
	"testing"

	"github.com/goaio/aio"
	"github.com/goaio/aio/executor"
)

// BenchmarkProcess is a call of a worker with a hundred bytes, one at a time.
func BenchmarkProcess(b *testing.B) {
	in := make([]byte, 100)
	calls := func(ctx context.Context, b *testing.B) {
		pool := newPool(b, executor.ProcessPoolOptions{Workers: 1})
		if err := pool.WarmUp(ctx); err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			if _, err := echo.Run(ctx, pool, in); err != nil {
				b.Fatal(err)
			}
		}
	}
	inGoroutineAndTask(b, calls)
}

// BenchmarkProcess64 is the same with 64 calls in flight, on two workers.
func BenchmarkProcess64(b *testing.B) {
	in := make([]byte, 100)
	calls := func(ctx context.Context, b *testing.B) {
		pool := newPool(b, executor.ProcessPoolOptions{Workers: 2})
		if err := pool.WarmUp(ctx); err != nil {
			b.Fatal(err)
		}
		b.ResetTimer()
		err := aio.Group(ctx, func(ctx context.Context) error {
			for i := range 64 {
				aio.Go(ctx, func(ctx context.Context) error {
					for range (b.N + i) / 64 {
						if _, err := echo.Run(ctx, pool, in); err != nil {
							return err
						}
					}
					return nil
				})
			}
			return nil
		})
		b.StopTimer()
		if err != nil {
			b.Fatal(err)
		}
	}
	inGoroutineAndTask(b, calls)
}

func inGoroutineAndTask(b *testing.B, calls func(ctx context.Context, b *testing.B)) {
	b.Run("goroutine", func(b *testing.B) { calls(b.Context(), b) })
	b.Run("task", func(b *testing.B) {
		if err := aio.Run(b.Context(), func(ctx context.Context) error {
			calls(ctx, b)
			return nil
		}); err != nil {
			b.Error(err)
		}
	})
}
