package aiotest_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aiotest"
	"github.com/goaio/aio/loop"
)

// order runs eight tasks and says in which order they ran, between two
// callbacks.
func order(t testing.TB, options ...aiotest.Option) (order []int) {
	aiotest.Run(t, func(ctx context.Context) {
		_ = aio.Group(ctx, func(ctx context.Context) error {
			loop.Current().CallSoon(func() { order = append(order, -1) })
			for i := range 8 {
				aio.Go(ctx, func(context.Context) error { order = append(order, i); return nil })
			}
			loop.Current().CallSoon(func() { order = append(order, 8) })
			return nil
		})
	}, options...)
	return order
}

func TestShuffle(t *testing.T) {
	straight := order(t)
	if !slices.IsSorted(straight) {
		t.Fatalf("without a seed the order is %v", straight)
	}
	seen := map[string]bool{}
	for seed := range uint64(20) {
		got := order(t, aiotest.Shuffle(seed))
		if again := order(t, aiotest.Shuffle(seed)); !slices.Equal(got, again) {
			t.Fatalf("seed %d gives %v and %v", seed, got, again)
		}
		if got[0] != -1 || got[9] != 8 {
			t.Fatalf("seed %d moved a callback: %v", seed, got)
		}
		seen[fmt.Sprint(got)] = true
		slices.Sort(got)
		if !slices.Equal(got, straight) {
			t.Fatalf("seed %d lost or doubled a step: %v", seed, got)
		}
	}
	if len(seen) < 15 {
		t.Errorf("20 seeds give %d orders", len(seen))
	}
}

func TestShuffledFindsWhatReliesOnOrder(t *testing.T) {
	r := record(t, func(r *recorder) {
		aiotest.Shuffled(r, 50, func(ctx context.Context) {
			config := ""
			_ = aio.Group(ctx, func(ctx context.Context) error {
				aio.Go(ctx, func(context.Context) error { config = "loaded"; return nil })
				aio.Go(ctx, func(context.Context) error {
					if config == "" {
						r.Fatalf("used before it was loaded")
					}
					return nil
				})
				return nil
			})
		})
	})
	wantFailure(t, r, "used before it was loaded", "AIOTEST_SEED=")
}

func TestSeedFromTheEnvironment(t *testing.T) {
	runs := 0
	count := func(ctx context.Context) { runs++ }
	aiotest.Shuffled(t, 7, count)
	if runs != 7 {
		t.Errorf("%d runs, want 7", runs)
	}
	t.Setenv(aiotest.Seed, "3")
	aiotest.Shuffled(t, 7, count)
	if runs != 8 {
		t.Errorf("%d runs with a seed given, want 1", runs-7)
	}
	t.Setenv(aiotest.Seed, "three")
	wantFailure(t, record(t, func(r *recorder) { aiotest.Shuffled(r, 7, count) }), "is not a number")
}
