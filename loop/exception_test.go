package loop

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// logged returns what slog's default logger got meanwhile.
func logged(t *testing.T) *bytes.Buffer {
	t.Helper()
	var b bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&b, nil)))
	t.Cleanup(func() { slog.SetDefault(before) })
	return &b
}

func TestAPanicOfACallbackGoesToTheHandler(t *testing.T) {
	var got []Exception
	l := newLoop(t, func(o *Options) {
		o.ExceptionHandler = func(_ *Loop, e Exception) { got = append(got, e) }
	})
	var tr trace
	l.CallSoon(func() { panic(errTest) })
	l.CallSoon(tr.log("the next one"))
	l.CallSoon(l.Stop)
	if err := l.RunForever(); err != nil {
		t.Fatal(err)
	}
	tr.want(t, "the next one")
	if len(got) != 1 || !errors.Is(got[0].Err, errTest) {
		t.Errorf("got %v", got)
	}
}

func TestAHandlerThatPanicsFallsBackToTheDefault(t *testing.T) {
	log := logged(t)
	l := newLoop(t)
	l.SetExceptionHandler(func(*Loop, Exception) { panic("the handler too") })
	l.CallSoon(func() { panic("the callback") })
	l.CallSoon(l.Stop)
	if err := l.RunForever(); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"the callback", "the handler too", "exception handler panicked"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("%q is not in the log:\n%s", want, log)
		}
	}
}

func TestErrorsThatNobodyReadAreReportedAtTheEnd(t *testing.T) {
	var got []string
	l, _ := New(Options{Driver: "simulated", ExceptionHandler: func(_ *Loop, e Exception) {
		got = append(got, fmt.Sprintf("%s: %v", e.Task.Name(), e.Err))
	}})
	fails := func(context.Context) error { return errTest }
	start(l, fails)
	read := start(l, fails)
	cancelled := start(l, func(ctx context.Context) error { return Sleep(ctx, time.Hour) })
	l.CallLater(time.Second, func() {
		_ = read.Err()
		cancelled.Cancel(nil)
		l.CallLater(time.Second, l.Stop)
	})
	_ = l.RunForever()
	if len(got) > 0 {
		t.Errorf("reported too early: %v", got)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 || got[0] != "Task-1: test" {
		t.Errorf("got %v", got)
	}
}

func TestUnreadErrorsAreBounded(t *testing.T) {
	reported := 0
	l := newLoop(t, func(o *Options) { o.ExceptionHandler = func(*Loop, Exception) { reported++ } })
	for range maxUnread + 10 {
		start(l, func(context.Context) error { return errTest })
	}
	l.CallLater(time.Second, l.Stop)
	_ = l.RunForever()
	if reported != 10 || len(l.unread.tasks) != maxUnread {
		t.Errorf("%d reported, %d kept", reported, len(l.unread.tasks))
	}
}

// Errors that were read a little later take no place of those that were not.
func TestErrorsReadLateDoNotCountAsUnread(t *testing.T) {
	reported := 0
	l := newLoop(t, func(o *Options) { o.ExceptionHandler = func(*Loop, Exception) { reported++ } })
	var fail func(i int)
	fail = func(i int) {
		if i == 3*maxUnread {
			l.Stop()
			return
		}
		task := start(l, func(context.Context) error { return errTest })
		l.CallLater(time.Second, func() {
			if i >= maxUnread/2 {
				_ = task.Err()
			}
			fail(i + 1)
		})
	}
	l.CallSoon(func() { fail(0) })
	_ = l.RunForever()
	if reported != 0 {
		t.Errorf("%d reported while the loop runs", reported)
	}
	l.ReportUnread()
	if reported != maxUnread/2 {
		t.Errorf("%d reported, want %d", reported, maxUnread/2)
	}
}

func TestADetachedPanicGoesToTheHandlerAtOnce(t *testing.T) {
	var got []Exception
	l := newLoop(t, func(o *Options) {
		o.ExceptionHandler = func(_ *Loop, e Exception) { got = append(got, e) }
	})
	start(l, func(context.Context) error { panic("boom") })
	l.CallLater(time.Second, l.Stop)
	_ = l.RunForever()
	if len(got) != 1 || got[0].Task == nil {
		t.Errorf("got %v", got)
	}
}

// A circle is found at once, on the real clock as under virtual time.
func TestACircleOfAwaits(t *testing.T) {
	for _, driver := range []string{"", "simulated"} {
		l := newLoop(t, func(o *Options) { o.Driver = driver })
		var tasks [3]*Task
		for i := range tasks {
			tasks[i] = named(l, fmt.Sprint("task ", i), func(ctx context.Context) error {
				err, _ := tasks[(i+1)%len(tasks)].Join(ctx)
				return err
			})
		}
		err := l.RunUntilComplete(tasks[0])
		var deadlock *DeadlockError
		if !errors.As(err, &deadlock) || !deadlock.Cycle ||
			err.Error() != "deadlock: task 2 awaits task 0 awaits task 1 awaits task 2" {
			t.Errorf("got %v", err)
		}
		_ = tasks[1].Err()
		_ = tasks[2].Err()
	}
}
