package coro_test

import (
	"runtime"
	"testing"

	"github.com/goaio/aio/coro"
)

// The results make the frames real: nothing here is a tail call.

//go:noinline
func depth1(c *coro.Coroutine, n int) int { return depth2(c, n+1) + n }

//go:noinline
func depth2(c *coro.Coroutine, n int) int { return depth3(c, n+1) + n }

//go:noinline
func depth3(c *coro.Coroutine, n int) int { return depth4(c, n+1) + n }

//go:noinline
func depth4(c *coro.Coroutine, n int) int {
	c.Suspend()
	return n
}

func TestSuspendedStackIsSmallest(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector's calls enlarge frames")
	}
	const n, most = 5_000, 2048 + 256
	suspend := func() (all []*coro.Coroutine) {
		for i := range n {
			c := coro.New(func(c *coro.Coroutine) { depth1(c, i) })
			c.Resume()
			all = append(all, c)
		}
		return all
	}
	// The runtime starts goroutines with what the stacks that the collector
	// scanned last used on average, so that the first ones make the measure.
	first := suspend()
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	second := suspend()
	runtime.ReadMemStats(&after)
	each := (float64(after.StackInuse) - float64(before.StackInuse)) / n
	t.Logf("%.0f bytes of stack for each suspended coroutine", each)
	if each > most {
		t.Errorf("a suspended coroutine has %.0f bytes of stack, want at most %d", each, most)
	}
	for _, c := range append(first, second...) {
		c.Stop()
	}
}

func TestSwitchDoesNotAllocate(t *testing.T) {
	c := coro.New(func(c *coro.Coroutine) {
		for c.Suspend() {
		}
	})
	defer c.Stop()
	c.Resume()
	if n := testing.AllocsPerRun(100, func() { c.Resume() }); n != 0 {
		t.Errorf("Resume allocates %v times", n)
	}
	g := coro.NewGenerator(func(y *coro.Yielder[int, int]) error {
		for n := 0; ; {
			sent, err := y.Yield(n)
			if err != nil {
				return err
			}
			n += sent
		}
	})
	defer g.Close()
	g.Next()
	if n := testing.AllocsPerRun(100, func() { g.Send(1) }); n != 0 {
		t.Errorf("Send allocates %v times", n)
	}
}
