package loop

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestCloseUnwindsWhatItAbandons(t *testing.T) {
	l, _ := New(Options{Driver: "simulated"})
	var tr trace
	for _, name := range []string{"first", "second"} {
		task := &Task{}
		task.SetName(name)
		Start(l, task, context.Background(), body(func(ctx context.Context) error {
			defer tr.log(name + " unwound")()
			for {
				// A task that takes no notice of errors must come to its end too.
				_ = Sleep(ctx, time.Hour)
				tr.log("never")()
			}
		}))
	}
	never := start(l, func(context.Context) error { tr.log("never")(); return nil })
	l.Stop()
	l.round.stopping.Store(true)
	l.CallSoon(func() {})
	_ = l.RunForever()
	unstarted := &Task{}
	Start(l, unstarted, context.Background(), body(func(context.Context) error { tr.log("never")(); return nil }))
	err := l.Close()
	var abandoned *AbandonedError
	if !errors.As(err, &abandoned) || !slices.Equal(abandoned.Tasks, []string{"first", "second", "Task-4"}) {
		t.Errorf("close: %v", err)
	}
	if len(tr) != 3 || !slices.Equal(tr[1:], []string{"first unwound", "second unwound"}) {
		t.Errorf("got %v", tr)
	}
	if !never.Completed() || !errors.Is(unstarted.Err(), ErrClosed) {
		t.Errorf("unstarted task: %v", unstarted.Err())
	}
	late := start(l, func(context.Context) error { return nil })
	if !errors.Is(late.Err(), ErrClosed) {
		t.Errorf("task of a closed loop: %v", late.Err())
	}
}

func TestOnCloseIsCalledOnceAfterTheLastTask(t *testing.T) {
	l, _ := New(Options{Driver: "simulated"})
	var tr trace
	l.OnClose(tr.log("first"))
	start(l, func(ctx context.Context) error {
		l.OnClose(tr.log("second"))
		defer tr.log("the task ended")()
		return Sleep(ctx, time.Hour)
	})
	l.CallSoon(l.Stop)
	if err := l.RunForever(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		_ = l.Close()
	}
	if !slices.Equal(tr, []string{"the task ended", "first", "second"}) {
		t.Errorf("got %v", tr)
	}
}

func TestShutdownCancelsInOrderUntilNoneIsLeft(t *testing.T) {
	l := newLoop(t)
	var tr trace
	for _, name := range []string{"a", "b"} {
		start(l, func(ctx context.Context) error {
			err := Sleep(ctx, time.Hour)
			tr.log(name)()
			if name == "a" {
				start(l, func(ctx context.Context) error {
					err := Sleep(ctx, time.Hour)
					tr.log("late")()
					return err
				})
			}
			return err
		})
	}
	l.CallSoon(func() { l.CallSoon(l.Stop) })
	_ = l.RunForever()
	before := l.Now()
	if err := l.Shutdown(errTest, nil); err != nil {
		t.Fatal(err)
	}
	tr.want(t, "a", "b", "late")
	if !l.Now().Equal(before) {
		t.Error("time passed")
	}
}

func TestShutdownGivesUp(t *testing.T) {
	l, _ := New(Options{Driver: "simulated"})
	start(l, func(ctx context.Context) error {
		for {
			_ = Yield(ctx)
		}
	})
	l.CallSoon(l.Stop)
	_ = l.RunForever()
	rounds := 0
	if err := l.Shutdown(nil, func() bool { rounds++; return rounds > 10 }); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); !errors.Is(err, ErrAbandoned) {
		t.Errorf("close: %v", err)
	}
}

// What a task awaits in its deferred calls must not set the loop going again.
func TestNothingRunsOnALoopThatIsBeingClosed(t *testing.T) {
	l, _ := New(Options{Driver: "simulated"})
	var tr trace
	f := &Future{}
	start(l, func(ctx context.Context) error {
		defer func() {
			l.CallSoon(tr.log("never"))
			start(l, func(context.Context) error { tr.log("never")(); return nil })
			_ = Yield(ctx)
			tr.log("never")()
		}()
		err, _ := f.Wait(ctx)
		return err
	})
	waiting := start(l, func(ctx context.Context) error {
		_ = Yield(ctx)
		tr.log("never")()
		return nil
	})
	l.Stop()
	_ = l.RunForever()
	if err := l.Close(); !errors.Is(err, ErrAbandoned) {
		t.Errorf("close: %v", err)
	}
	tr.want(t)
	if !errors.Is(waiting.Err(), ErrClosed) {
		t.Errorf("got %v", waiting.Err())
	}
}

func TestCloseSaysWhereTheAbandonedStood(t *testing.T) {
	l, err := New(Options{Driver: "simulated"})
	if err != nil {
		t.Fatal(err)
	}
	named(l, "sleeper", func(ctx context.Context) error { return Sleep(ctx, time.Hour) })
	l.Stop()
	if err := l.RunForever(); err != nil {
		t.Fatal(err)
	}
	for range maxListed + 5 {
		named(l, "late", func(context.Context) error { return nil })
	}
	text := l.Close().Error()
	for _, want := range []string{"abandoned 26 tasks: sleeper (loop.Sleep at close_test.go:", "late (not started), 6 more"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in %q", want, text)
		}
	}
}

// The task's waiter is still in the list of what it was unwound from, where
// other loops and goroutines have theirs.
func TestDeferredAwaitsOfTheAbandonedLeaveOthersAlone(t *testing.T) {
	l, _ := New(Options{Driver: "simulated"})
	var first, second Future
	var list WaitList
	var unwound int
	start(l, func(ctx context.Context) error {
		defer func() { unwound++ }()
		defer func() { _, _ = second.Wait(ctx) }()
		defer func() { _ = Sleep(ctx, time.Hour) }()
		_, _ = first.Wait(ctx)
		return nil
	})
	sleeper := start(l, func(ctx context.Context) error {
		defer func() { unwound++ }()
		defer func() { _, _ = second.Wait(ctx) }()
		defer func() { _ = Sleep(ctx, time.Minute) }()
		return Sleep(ctx, time.Hour)
	})
	start(l, func(ctx context.Context) error {
		defer func() { unwound++ }()
		w, err := NewWaiter(ctx)
		if err != nil {
			return err
		}
		list.PushBack(w)
		return w.Wait(ctx)
	})
	l.Stop()
	_ = l.RunForever()
	if err := l.Close(); !errors.Is(err, ErrAbandoned) {
		t.Errorf("close: %v", err)
	}
	if unwound != 3 || !errors.Is(sleeper.Err(), ErrClosed) {
		t.Errorf("%d unwound, the sleeper's error is %v", unwound, sleeper.Err())
	}
	ended := second.Done()
	second.Complete(nil, nil)
	first.Complete(nil, nil)
	<-ended
	if list.WakeFirst() {
		t.Error("one that was abandoned has taken a wake that others wait for")
	}
}
