package loop

import (
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"
)

func TestTimersFireInOrder(t *testing.T) {
	var h timers
	random := rand.New(rand.NewPCG(1, 2))
	var live []*timer
	for range 5000 {
		if len(live) > 0 && random.IntN(3) == 0 {
			i := random.IntN(len(live))
			h.remove(live[i])
			live = slices.Delete(live, i, i+1)
			continue
		}
		x := &timer{when: random.Int64N(100), index: -1}
		h.add(x)
		live = append(live, x)
	}
	slices.SortFunc(live, func(a, b *timer) int {
		if a.before(b) {
			return -1
		}
		return 1
	})
	for i, want := range live {
		if got := h.due(1000); got != want {
			t.Fatalf("timer %d: got %+v, want %+v", i, got, want)
		}
	}
	if h.due(1000) != nil {
		t.Error("a timer too many")
	}
}

func TestEqualTimersFireInTheOrderTheyWereSet(t *testing.T) {
	l := newLoop(t)
	var tr trace
	when := l.Now().Add(time.Second)
	l.CallAt(when, tr.log("1"))
	l.CallAt(when.Add(-time.Millisecond), tr.log("0"))
	l.CallAt(when, tr.log("2"))
	l.CallAt(when, tr.log("3"))
	l.CallAt(when.Add(time.Nanosecond), l.Stop)
	_ = l.RunForever()
	tr.want(t, "0", "1", "2", "3")
}

func TestAnHourPassesAtOnce(t *testing.T) {
	l := newLoop(t)
	before := l.Now()
	l.CallLater(time.Hour, l.Stop)
	_ = l.RunForever()
	if passed := l.Now().Sub(before); passed != time.Hour {
		t.Errorf("%v passed", passed)
	}
}

func TestCancelledTimersHoldNoMemory(t *testing.T) {
	l := newLoop(t)
	l.CallSoon(func() {
		handles := make([]Handle, 100_000)
		for i := range handles {
			handles[i] = l.CallLater(time.Hour, func() {})
		}
		for _, h := range handles {
			h.Cancel()
		}
		l.Stop()
	})
	_ = l.RunForever()
	if n := len(l.timers.heap); n != 0 {
		t.Errorf("%d timers in the heap", n)
	}
	if n := cap(l.timers.heap); n > 2048 {
		t.Errorf("the heap has kept room for %d timers", n)
	}
	runtime.KeepAlive(l)
}

func TestATimerOfTheFarFutureDoesNotOverflow(t *testing.T) {
	l := newLoop(t)
	var tr trace
	l.CallLater(time.Duration(1<<63-1), tr.log("never"))
	l.CallLater(time.Second, l.Stop)
	_ = l.RunForever()
	tr.want(t)
}

func TestNegativeDelaysAreDueAtOnce(t *testing.T) {
	l := newLoop(t)
	var tr trace
	l.CallLater(-time.Second, tr.log("past"))
	l.CallLater(0, l.Stop)
	_ = l.RunForever()
	tr.want(t, "past")
}
