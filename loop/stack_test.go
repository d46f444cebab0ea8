//go:build !race

package loop

import (
	"context"
	"runtime"
	"testing"
	"time"
)

// The race detector's calls enlarge frames.

func TestSuspendedTaskHasTheSmallestStack(t *testing.T) {
	const n, most = 5_000, 2048 + 256
	l := newLoop(t)
	if l.Debug() {
		t.Skip("in debug mode a coroutine looks at its thread, which takes more stack")
	}
	var before, after runtime.MemStats
	main := start(l, func(ctx context.Context) error {
		// The runtime starts goroutines with what the stacks that the collector
		// scanned last used on average, so that the first ones make the measure.
		for range 2 {
			runtime.GC()
			runtime.ReadMemStats(&before)
			for range n {
				start(l, func(ctx context.Context) error { return Sleep(ctx, time.Hour) })
			}
			if err := Sleep(ctx, time.Millisecond); err != nil {
				return err
			}
			runtime.ReadMemStats(&after)
		}
		return nil
	})
	if err := l.RunUntilComplete(main); err != nil {
		t.Fatal(err)
	}
	if err := l.Shutdown(nil, nil); err != nil {
		t.Fatal(err)
	}
	each := (float64(after.StackInuse) - float64(before.StackInuse)) / n
	t.Logf("%.0f bytes of stack for each suspended task", each)
	if each > most {
		t.Errorf("a suspended task has %.0f bytes of stack, want at most %d", each, most)
	}
}
