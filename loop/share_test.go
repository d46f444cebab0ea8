//go:build unix && !aix

package loop

import (
	"context"
	"runtime"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"
)

// Go's scheduler alone would give a goroutine beside a saturated loop its turn
// every ten milliseconds.
func TestSaturatedLoopLetsOthersRun(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	l, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	const pipes, rounds = shareEvery, 600
	ended := 0
	for range pipes {
		var ends [2]int
		if err := unix.Pipe(ends[:]); err != nil {
			t.Fatal(err)
		}
		defer unix.Close(ends[0])
		defer unix.Close(ends[1])
		var waits WaitList
		if err := l.AddReader(ends[0], func() { waits.WakeFirst() }); err != nil {
			t.Fatal(err)
		}
		defer l.RemoveReader(ends[0])
		_, _ = unix.Write(ends[1], []byte{0})
		Start(l, &Task{}, context.Background(), body(func(ctx context.Context) error {
			for range rounds {
				w, err := NewWaiter(ctx)
				if err != nil {
					return err
				}
				waits.PushBack(w)
				if err := w.Wait(ctx); err != nil {
					return err
				}
			}
			if ended++; ended == pipes {
				l.Stop()
			}
			return nil
		}))
	}
	var turns, stop atomic.Int64
	other := make(chan struct{})
	go func() {
		defer close(other)
		for stop.Load() == 0 {
			turns.Add(1)
			runtime.Gosched()
		}
	}()
	if err := l.RunForever(); err != nil {
		t.Fatal(err)
	}
	stop.Store(1)
	<-other
	if l.turns.single {
		t.Skip("in debug mode control goes home after each step, and the loop waits there")
	}
	if got, want := turns.Load(), int64(rounds/2); got < want {
		t.Errorf("a goroutine beside the loop had %d turns, want %d at least", got, want)
	}
	if n := saturated.Load(); n != 0 {
		t.Errorf("%d loops are saturated, and none runs", n)
	}
}
