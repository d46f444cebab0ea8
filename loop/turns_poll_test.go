//go:build unix && !aix

package loop

import (
	"context"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

// alwaysReadable watches a pipe that is ready again in each round, and wakes who
// waits for it.
func alwaysReadable(t *testing.T, l *Loop) (waits *WaitList, end func()) {
	t.Helper()
	var ends [2]int
	if err := unix.Pipe(ends[:]); err != nil {
		t.Fatal(err)
	}
	waits = &WaitList{}
	if err := l.AddReader(ends[0], func() { waits.WakeFirst() }); err != nil {
		t.Fatal(err)
	}
	_, _ = unix.Write(ends[1], []byte{0})
	return waits, func() {
		l.RemoveReader(ends[0])
		unix.Close(ends[0])
		unix.Close(ends[1])
	}
}

// waitIn waits until somebody wakes the first of the list.
func waitIn(ctx context.Context, waits *WaitList) error {
	w, err := NewWaiter(ctx)
	if err != nil {
		return err
	}
	waits.PushBack(w)
	return w.Wait(ctx)
}

// Tasks on pipes that are ready again in each round keep the loop busy, and it
// then polls where they are suspended. Nobody may be left out for that: not a
// timer, not a call of another goroutine, nor Stop.
func TestPollWhereTasksAreSuspended(t *testing.T) {
	l, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	const pipes, rounds = 4, 300
	var steps [pipes]int
	most := 0
	for i := range steps {
		waits, end := alwaysReadable(t, l)
		defer end()
		Start(l, &Task{}, context.Background(), body(func(ctx context.Context) error {
			for steps[i] < rounds {
				if err := waitIn(ctx, waits); err != nil {
					return err
				}
				steps[i]++
				most = max(most, l.round.busy)
			}
			l.Stop()
			return nil
		}))
	}
	timer, called := false, make(chan struct{})
	l.CallLater(0, func() {
		timer = true
		go l.CallSoon(func() { close(called) })
	})
	for slices.Min(steps[:]) < rounds {
		if err := l.RunForever(); err != nil {
			t.Fatal(err)
		}
	}
	for open := true; open; {
		select {
		case <-called:
			open = false
		default:
			l.Stop()
			if err := l.RunForever(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if !timer {
		t.Error("the timer has not fired")
	}
	if most == 0 && !l.turns.single {
		t.Error("the loop was never busy")
	}
}

// A wake is taken back only as long as nothing could tell that it was there.
func TestTakeBack(t *testing.T) {
	for name, c := range map[string]struct {
		between func(l *Loop, sleeper *Task)
		want    bool
	}{
		"at once":        {func(*Loop, *Task) {}, true},
		"others behind":  {func(l *Loop, _ *Task) { l.CallSoon(func() {}) }, false},
		"after a cancel": {func(_ *Loop, sleeper *Task) { sleeper.Cancel(nil) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := New(Options{Driver: "simulated"})
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			var waits WaitList
			var w *Waiter
			steps := 0
			sleeper := &Task{}
			Start(l, sleeper, context.Background(), body(func(ctx context.Context) (err error) {
				if w, err = NewWaiter(ctx); err != nil {
					return err
				}
				waits.PushBack(w)
				err = w.Wait(ctx)
				steps++
				return err
			}))
			waker := &Task{}
			Start(l, waker, context.Background(), body(func(ctx context.Context) error {
				if !waits.WakeFirst() {
					t.Error("nobody was woken")
				}
				c.between(l, sleeper)
				took := w.TakeBack(awaitedUnknown, nil)
				if took != c.want {
					t.Errorf("taken back: %v, want %v", took, c.want)
				}
				if !took {
					return nil
				}
				waits.PushBack(w)
				for range 3 {
					if err := self().yield(ctx); err != nil {
						return err
					}
				}
				if steps != 0 || w.Done() {
					t.Error("the task ran, or its wait is over")
				}
				waits.WakeFirst()
				return nil
			}))
			if err := l.RunUntilComplete(sleeper); err != nil && c.want {
				t.Error(err)
			}
			if steps != 1 {
				t.Errorf("%d steps", steps)
			}
		})
	}
}
