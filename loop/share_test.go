//go:build unix && !aix

package loop

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
)

// runSaturated runs a loop with as many tasks as it serves before it steps
// aside, each of which always finds something to read, until goOn says in a round
// that it is over.
func runSaturated(t *testing.T, goOn func(round int) bool) {
	l, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if l.turns.single {
		t.Skip("in debug mode control goes home after each step, and the loop waits there")
	}
	ended, over := 0, false
	for pipe := range shareEvery {
		waits, end := alwaysReadable(t, l)
		defer end()
		Start(l, &Task{}, context.Background(), body(func(ctx context.Context) error {
			for round := 0; !over; round++ {
				if pipe == 0 && !goOn(round) {
					over = true
				}
				if err := waitIn(ctx, waits); err != nil {
					return err
				}
			}
			if ended++; ended == shareEvery {
				l.Stop()
			}
			return nil
		}))
	}
	if err := l.RunForever(); err != nil {
		t.Fatal(err)
	}
	if n := saturated.Load(); n != 0 {
		t.Errorf("%d loops are saturated, and none runs", n)
	}
}

// Go's scheduler alone would give a goroutine beside a saturated loop its turn
// every ten milliseconds.
func TestSaturatedLoopLetsOthersRun(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	const want, most = 300, 20_000 // turns, and rounds for them: more than it takes, for the system may stop us in one
	var turns atomic.Int64
	var stop atomic.Bool
	var other sync.WaitGroup
	defer other.Wait()
	defer stop.Store(true)
	runSaturated(t, func(round int) bool {
		if round == 0 {
			other.Go(func() {
				for !stop.Load() {
					turns.Add(1)
					runtime.Gosched()
				}
			})
		}
		return round < most && turns.Load() < want
	})
	if got := turns.Load(); got < want {
		t.Errorf("a goroutine beside the loop had %d turns in %d rounds, want %d", got, most, want)
	}
}

// One that computes has the processor for ten milliseconds or more each time:
// as often as the other above it would leave the loop a hundredth of the time.
func TestSaturatedLoopBesideAGoroutineThatComputes(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	const rounds = 100
	var served, turns atomic.Int64
	var stop atomic.Bool
	var other sync.WaitGroup
	defer other.Wait()
	defer stop.Store(true)
	runSaturated(t, func(round int) bool {
		served.Add(1)
		if round == foreignSeries { // before, the loop lets others run because another goroutine has called it
			other.Go(func() {
				for seen := int64(0); !stop.Load(); {
					if now := served.Load(); now != seen {
						seen = now
						turns.Add(1)
					}
				}
			})
		}
		return round < foreignSeries+rounds
	})
	if got, most := turns.Load(), int64(rounds/2); got > most {
		t.Errorf("a goroutine that computes had %d turns in %d rounds, want %d at most", got, rounds, most)
	}
}
