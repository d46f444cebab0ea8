package loop

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"
)

// trace collects what callbacks log.
type trace []string

func (tr *trace) log(text string) func() { return func() { *tr = append(*tr, text) } }

func (tr *trace) want(t *testing.T, texts ...string) {
	t.Helper()
	if !slices.Equal(*tr, texts) {
		t.Errorf("got %v, want %v", *tr, texts)
	}
}

func TestCallbacksRunInTheOrderTheyWereQueued(t *testing.T) {
	l := newLoop(t)
	var tr trace
	for i := range 5 {
		l.CallSoon(tr.log(fmt.Sprint(i)))
	}
	l.CallSoon(l.Stop)
	if err := l.RunForever(); err != nil {
		t.Fatal(err)
	}
	tr.want(t, "0", "1", "2", "3", "4")
}

func TestWhatACallbackQueuesWaitsForTheNextRound(t *testing.T) {
	l := newLoop(t)
	var tr trace
	l.CallSoon(func() {
		tr.log("first")()
		l.CallSoon(tr.log("added"))
		l.CallSoon(l.Stop)
	})
	l.CallSoon(tr.log("second"))
	if err := l.RunForever(); err != nil {
		t.Fatal(err)
	}
	tr.want(t, "first", "second", "added")
}

func TestTheRoundOfAStopGoesOnToItsEnd(t *testing.T) {
	l := newLoop(t)
	var tr trace
	l.CallSoon(l.Stop)
	l.CallSoon(func() {
		tr.log("same round")()
		l.CallSoon(tr.log("next run"))
	})
	_ = l.RunForever()
	tr.want(t, "same round")
	l.Stop()
	_ = l.RunForever()
	tr.want(t, "same round", "next run")
}

func TestStopBeforeARunMakesItOneRoundThatDoesNotWait(t *testing.T) {
	l := newLoop(t)
	var tr trace
	l.CallLater(time.Hour, tr.log("an hour later"))
	l.CallSoon(func() {
		tr.log("round 1")()
		l.CallSoon(tr.log("round 2"))
	})
	l.Stop()
	before := l.Now()
	if err := l.RunForever(); err != nil {
		t.Fatal(err)
	}
	tr.want(t, "round 1")
	if !l.Now().Equal(before) {
		t.Errorf("the clock moved by %v", l.Now().Sub(before))
	}
}

func TestCancelledCallbacksDoNotRun(t *testing.T) {
	l := newLoop(t)
	var tr trace
	foreign := l.CallSoon(tr.log("foreign"))
	foreign.Cancel()
	foreign.Cancel()
	Handle{}.Cancel()
	l.CallSoon(func() {
		soon := l.CallSoon(tr.log("soon"))
		later := l.CallLater(time.Second, tr.log("later"))
		ran := l.CallSoon(tr.log("ran"))
		soon.Cancel()
		later.Cancel()
		l.CallSoon(ran.Cancel)
		l.CallLater(2*time.Second, l.Stop)
	})
	if err := l.RunForever(); err != nil {
		t.Fatal(err)
	}
	tr.want(t, "ran")
}

func TestATimerThatIsDueCanStillBeCancelled(t *testing.T) {
	l := newLoop(t)
	var tr trace
	var second Handle
	l.CallLater(time.Second, func() { tr.log("first")(); second.Cancel() })
	second = l.CallLater(time.Second, tr.log("second"))
	l.CallLater(time.Second, l.Stop)
	if err := l.RunForever(); err != nil {
		t.Fatal(err)
	}
	tr.want(t, "first")
}

func TestCallsFromOtherGoroutinesKeepTheirOrder(t *testing.T) {
	l := newLoop(t)
	const goroutines, calls = 8, 1000
	got := make([][]int, goroutines)
	l.Hold()
	var all sync.WaitGroup
	for g := range goroutines {
		all.Go(func() {
			for i := range calls {
				l.CallSoon(func() { got[g] = append(got[g], i) })
			}
		})
	}
	go func() {
		all.Wait()
		l.CallSoon(func() { l.Release(); l.Stop() })
	}()
	if err := l.RunForever(); err != nil {
		t.Fatal(err)
	}
	for g := range got {
		if len(got[g]) != calls || !slices.IsSorted(got[g]) {
			t.Errorf("goroutine %d: %d calls, sorted: %v", g, len(got[g]), slices.IsSorted(got[g]))
		}
	}
}

// A foreign call that happened before a local one runs before it.
func TestForeignAndLocalCallsAreOneQueue(t *testing.T) {
	l := newLoop(t)
	var tr trace
	l.CallSoon(func() {
		l.CallSoon(tr.log("local 1"))
		called := make(chan struct{})
		go func() {
			l.CallSoon(tr.log("foreign"))
			close(called)
		}()
		<-called
		l.CallSoon(tr.log("local 2"))
		l.CallSoon(l.Stop)
	})
	_ = l.RunForever()
	tr.want(t, "local 1", "foreign", "local 2")
}

func TestRunErrors(t *testing.T) {
	l := newLoop(t)
	other := newLoop(t)
	var running, nested, elsewhere error
	l.CallSoon(func() {
		running = l.RunForever()
		nested = other.RunForever()
		done := make(chan error)
		go func() { done <- l.RunForever() }()
		elsewhere = <-done
		if err := l.Close(); !errors.Is(err, ErrRunning) {
			t.Errorf("close while running: %v", err)
		}
		l.Stop()
	})
	if err := l.RunForever(); err != nil {
		t.Fatal(err)
	}
	if !errors.Is(running, ErrRunning) || !errors.Is(nested, ErrNested) || !errors.Is(elsewhere, ErrRunning) {
		t.Errorf("running: %v, nested: %v, elsewhere: %v", running, nested, elsewhere)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Errorf("second close: %v", err)
	}
	if err := l.RunForever(); !errors.Is(err, ErrClosed) {
		t.Errorf("run of a closed loop: %v", err)
	}
	l.CallSoon(func() { t.Error("a closed loop ran a callback") })
	if err := l.AddReader(0, func() {}); !errors.Is(err, ErrClosed) {
		t.Errorf("AddReader on a closed loop: %v", err)
	}
}

func TestUnknownDriver(t *testing.T) {
	if _, err := New(Options{Driver: "carrier pigeon"}); err == nil {
		t.Error("no error")
	}
}

func TestManyLoopsOnManyGoroutines(t *testing.T) {
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			l, err := New(Options{})
			if err != nil {
				t.Error(err)
				return
			}
			defer l.Close()
			n := 0
			var next func()
			next = func() {
				if n++; n < 1000 {
					l.CallSoon(next)
				} else {
					l.CallLater(time.Millisecond, l.Stop)
				}
			}
			l.CallSoon(next)
			if err := l.RunForever(); err != nil || n != 1000 {
				t.Errorf("%d rounds, %v", n, err)
			}
		})
	}
	all.Wait()
}

func TestALoopRunsAgainOnAnotherGoroutine(t *testing.T) {
	l := newLoop(t)
	for range 3 {
		done := make(chan error)
		go func() {
			l.CallSoon(l.Stop)
			done <- l.RunForever()
		}()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
}

func TestCallSoonAllocatesNothing(t *testing.T) {
	t.Setenv("AIO_DEBUG", "") // debug mode allocates for what it keeps
	l := newLoop(t)
	n := 0
	var next func()
	next = func() {
		if n++; n%100 != 0 {
			l.CallSoon(next)
		} else {
			l.Stop()
		}
	}
	l.CallSoon(func() {
		l.Stop()
	})
	_ = l.RunForever()
	l.CallSoon(next)
	allocations := testing.AllocsPerRun(10, func() {
		_ = l.RunForever()
		l.ready.push(callback(next))
	})
	if allocations > 0 {
		t.Errorf("%v allocations in 100 rounds", allocations)
	}
}

func TestTheRingShrinksAfterABurst(t *testing.T) {
	var q ready
	for range 10_000 {
		q.push(nil)
	}
	for q.len() > 0 {
		q.pop()
	}
	for range 20_000 {
		q.settle()
	}
	if len(q.ring) > smallRing {
		t.Errorf("the ring still has %d places", len(q.ring))
	}
}
