package loop

import (
	"context"
	"log/slog"
	"runtime"
	"strings"
	"testing"
	"time"
)

// debugging runs fn as a task of a loop in debug mode, closes the loop and
// returns what was reported.
func debugging(t *testing.T, fn func(ctx context.Context) error) (reports []Report) {
	t.Helper()
	l, err := New(Options{Driver: "simulated", Debug: true, Watchdog: -1, ReportHandler: func(r Report) { reports = append(reports, r) }})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.RunUntilComplete(named(l, "main", fn)); err != nil {
		t.Error(err)
	}
	if err := l.Shutdown(nil, nil); err != nil {
		t.Error(err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	return reports
}

// wantReports compares kinds, and looks for a text in each report.
func wantReports(t *testing.T, got []Report, want ...string) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%d reports, want %d: %v", len(got), len(want), got)
		return
	}
	for i, text := range want {
		if r := got[i].String(); !strings.Contains(r, text) || got[i].Advice == "" {
			t.Errorf("%q is not in the report, or it has no advice:\n%s", text, r)
		}
	}
}

func TestNothingToReport(t *testing.T) {
	wantReports(t, debugging(t, func(ctx context.Context) error {
		child := start(Current(), func(ctx context.Context) error { return Sleep(ctx, time.Second) })
		if err := Yield(ctx); err != nil {
			return err
		}
		limited, cancel := context.WithTimeout(ctx, time.Hour)
		defer cancel()
		err, _ := child.Join(limited)
		return err
	}))
}

func TestAMethodOnTheWrongGoroutine(t *testing.T) {
	wantReports(t, debugging(t, func(ctx context.Context) error {
		l, done := Current(), make(chan struct{})
		go func() {
			for range 3 { // each place once
				l.SetValue("key", 1)
			}
			_ = l.Value("key")
			l.OnClose(func() {})
			_ = l.Register(-1, nil)
			_ = l.Unregister(-1, nil)
			close(done)
		}()
		<-done
		_ = l.Value("key")
		return nil
	}), "Loop.SetValue was called outside of loop", "Loop.Value was called outside of loop",
		"Loop.OnClose was called", "Loop.Register was called", "Loop.Unregister was called")
}

func TestTheContextOfAnotherTask(t *testing.T) {
	wantReports(t, debugging(t, func(outer context.Context) error {
		child := named(Current(), "child", func(context.Context) error {
			for range 2 {
				if err := Sleep(outer, time.Second); err != nil {
					return err
				}
			}
			return Yield(outer)
		})
		err, _ := child.Join(outer)
		return err
	}), "task child awaits with the context of task main", "task child awaits with the context of task main")
}

// Without debug mode the runtime ends the program.
func TestAnAwaitWithTheThreadLocked(t *testing.T) {
	wantReports(t, debugging(t, func(ctx context.Context) error {
		runtime.LockOSThread()
		var future Future
		_, aborted := future.Wait(ctx)
		errs := []error{Sleep(ctx, time.Second), Yield(ctx), nil}
		if _, errs[2] = NewWaiter(ctx); !aborted {
			t.Error("a wait with the thread locked was not refused")
		}
		for _, err := range errs {
			if err != ErrThreadLocked {
				t.Errorf("got %v", err)
			}
		}
		runtime.UnlockOSThread()
		return Sleep(ctx, time.Second)
	}), "with the OS thread locked", "with the OS thread locked", "with the OS thread locked", "with the OS thread locked")
}

// The first step of an eager task is a switch too.
func TestAnEagerStartWithTheThreadLocked(t *testing.T) {
	var tr trace
	wantReports(t, debugging(t, func(ctx context.Context) error {
		l := Current()
		l.options.EagerStart = true
		step := func(ctx context.Context) error {
			tr.log("first step")()
			return Yield(ctx)
		}
		runtime.LockOSThread()
		locked := start(l, step)
		tr.log("locked")()
		runtime.UnlockOSThread()
		if err, _ := locked.Join(ctx); err != nil {
			return err
		}
		unlocked := start(l, step)
		tr.log("unlocked")()
		err, _ := unlocked.Join(ctx)
		return err
	}), "starts an eager task with the OS thread locked")
	tr.want(t, "locked", "first step", "first step", "unlocked")
}

// A loop that runs with its thread locked throughout is another matter.
func TestALoopOnALockedThread(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	wantReports(t, debugging(t, func(ctx context.Context) error {
		child := start(Current(), func(ctx context.Context) error { return Sleep(ctx, time.Second) })
		err, _ := child.Join(ctx)
		return err
	}))
}

func TestTasksThatNobodyAwaits(t *testing.T) {
	reports := debugging(t, func(ctx context.Context) error {
		l := Current()
		nothing := func(context.Context) error { return nil }
		named(l, "lost", nothing)
		read := named(l, "read later", nothing)
		joined := named(l, "awaited", nothing)
		detached := &Task{}
		Start(l, detached, Carry(context.Background(), l, nil), body(nothing))
		named(l, "left", func(ctx context.Context) error { return Sleep(ctx, time.Hour) })
		if err, _ := joined.Join(ctx); err != nil {
			return err
		}
		return read.Err()
	})
	wantReports(t, reports, "task left was still at work at the end", "nobody awaited task lost")
	for _, r := range reports {
		if !strings.Contains(r.Place, "snapshot_test.go:") {
			t.Errorf("started at %q", r.Place)
		}
	}
}

func TestTasksThatAreAwaitedInTurn(t *testing.T) {
	wantReports(t, debugging(t, func(ctx context.Context) error {
		tasks := make([]*Task, 1000)
		for i := range tasks {
			tasks[i] = start(Current(), func(context.Context) error { return nil })
		}
		for _, task := range tasks {
			if err, _ := task.Join(ctx); err != nil {
				return err
			}
		}
		return nil
	}))
}

func TestUnawaitedTasksAreBounded(t *testing.T) {
	wantReports(t, debugging(t, func(ctx context.Context) error {
		l := Current()
		for range maxUnawaited + 1 {
			start(l, func(context.Context) error { return nil })
		}
		err := Yield(ctx)
		if n := len(l.observer.debug.unawaited); n > maxUnawaited {
			t.Errorf("%d are remembered", n)
		}
		return err
	}), "nobody awaited task Task-2") // once for the place that started them
}

func TestAReportHandlerThatPanics(t *testing.T) {
	logged := slog.Default()
	defer slog.SetDefault(logged)
	var log strings.Builder
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	l := newLoop(t, func(o *Options) { o.ReportHandler = func(Report) { panic("the handler's") } })
	l.Report(Report{Kind: Conflict, Message: "this is of a test"})
	if !strings.Contains(log.String(), "the report handler panicked") {
		t.Errorf("got %q", log.String())
	}
}

func TestSlowCallbacks(t *testing.T) {
	l, reports := watchedLoop(t, SlowCallback)
	l.measured(callback(slowCallback), time.Millisecond)
	l.measured(callback(slowCallback), time.Second)
	l.measured(named(l, "slow", func(context.Context) error { return nil }), 2*time.Second)
	got := []Report{<-reports, <-reports}
	wantReports(t, got, "the callback loop.slowCallback held loop", "a step of task slow held loop")
	if !strings.HasPrefix(got[0].Place, "debug_test.go:") {
		t.Errorf("the callback stands at %q", got[0].Place)
	}
	l.Stop()
	if err := l.RunForever(); err != nil {
		t.Fatal(err)
	}
}

// slowCallback stands for one.
func slowCallback() {}

func TestStepsAndBusyTime(t *testing.T) {
	debugging(t, func(ctx context.Context) error {
		for range 3 {
			if err := Yield(ctx); err != nil {
				return err
			}
		}
		info := infoOf(t, Current().Snapshot(), "main")
		if info.Steps != 3 || info.Busy <= 0 || !strings.Contains(info.Spawned, "snapshot_test.go:") {
			t.Errorf("got %d steps, busy for %v, started at %q", info.Steps, info.Busy, info.Spawned)
		}
		return nil
	})
}

// The loop sleeps, tasks wait, and nothing is known that could wake them.
func TestAnIdleLoop(t *testing.T) {
	l, reports := watchedLoop(t, Idle, func(o *Options) { o.Debug, o.Watchdog = true, -1 })
	var never Future
	waiting := named(l, "waiting", func(ctx context.Context) error {
		err, _ := never.Wait(ctx)
		return err
	})
	joining := named(l, "joining", func(ctx context.Context) error {
		err, _ := waiting.Join(ctx)
		return err
	})
	go func() {
		for !l.observer.idle.Load() {
			runtime.Gosched()
		}
		w := &stallWatch{loop: l}
		for _, after := range []time.Duration{0, idleAfter - 1, idleAfter, 2 * idleAfter} {
			w.look(time.Now().Add(after))
		}
		never.Complete(nil, nil)
	}()
	if err := l.RunUntilComplete(joining); err != nil {
		t.Fatal(err)
	}
	got := []Report{<-reports}
	wantReports(t, got, "knows of nothing that could wake them")
	for _, text := range []string{"joining waits for task waiting", "└─ waiting waits for aio.Future.Await"} {
		if !strings.Contains(got[0].Detail, text) {
			t.Errorf("%q is not in the graph:\n%s", text, got[0].Detail)
		}
	}
}

func TestDebugModeOfTheEnvironment(t *testing.T) {
	for value, want := range map[string]bool{"": false, "0": false, "false": false, "1": true, "yes": true} {
		t.Setenv("AIO_DEBUG", value)
		if l := newLoop(t); l.Debug() != want {
			t.Errorf("AIO_DEBUG=%s: debug mode is %v", value, l.Debug())
		}
	}
}
