//go:build unix

package loop

import (
	"context"
	"errors"
	"os"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// The tests send themselves signals that do nothing to a Go program that does
// not catch them.

func send(t testing.TB, sig syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(os.Getpid(), sig); err != nil {
		t.Fatal(err)
	}
}

func addSignalHandler(t testing.TB, l *Loop, sig os.Signal, fn func()) SignalHandle {
	t.Helper()
	h, err := l.AddSignalHandler(sig, fn)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// nothingHeard checks that all signals were given back.
func nothingHeard(t *testing.T, l *Loop) {
	t.Helper()
	if n := len(l.signals.heard); n > 0 {
		t.Errorf("%d signals are still heard", n)
	}
}

func TestASignalWakesASleepingLoop(t *testing.T) {
	l := realLoop(t)
	calls := 0
	addSignalHandler(t, l, syscall.SIGUSR1, func() {
		if Current() != l {
			t.Error("not called on the loop")
		}
		if calls++; calls == 3 {
			l.Stop()
			return
		}
		go asleep(t, l, syscall.SIGUSR1)
	})
	go asleep(t, l, syscall.SIGUSR1)
	if err := l.RunForever(); err != nil {
		t.Fatal(err)
	}
	if calls != 3 {
		t.Errorf("%d calls", calls)
	}
}

// asleep sends a signal as soon as the loop sleeps.
func asleep(t *testing.T, l *Loop, sig syscall.Signal) {
	for !l.foreign.asleep.Load() {
		runtime.Gosched()
	}
	if err := syscall.Kill(os.Getpid(), sig); err != nil {
		t.Error(err)
	}
}

func TestReceiversAreCalledInTheOrderTheyWereAdded(t *testing.T) {
	l := realLoop(t)
	var tr trace
	addSignalHandler(t, l, syscall.SIGUSR1, tr.log("first"))
	removed := addSignalHandler(t, l, syscall.SIGUSR1, tr.log("removed"))
	addSignalHandler(t, l, syscall.SIGUSR2, tr.log("other signal"))
	addSignalHandler(t, l, syscall.SIGUSR1, tr.log("second"))
	addSignalHandler(t, l, syscall.SIGUSR1, l.Stop)
	removed.Cancel()
	removed.Cancel()
	SignalHandle{}.Cancel()
	l.CallSoon(func() { send(t, syscall.SIGUSR1) })
	if err := l.RunForever(); err != nil {
		t.Fatal(err)
	}
	tr.want(t, "first", "second")
}

func TestAReceiverRemovesItselfAndOthersThatAreDue(t *testing.T) {
	l := realLoop(t)
	var tr trace
	var own, due SignalHandle
	own = addSignalHandler(t, l, syscall.SIGUSR1, func() {
		tr.log("once")()
		own.Cancel()
		due.Cancel()
		nothingHeard(t, l)
		addSignalHandler(t, l, syscall.SIGUSR1, func() {
			tr.log("again")()
			l.Stop()
		})
		send(t, syscall.SIGUSR1)
	})
	due = addSignalHandler(t, l, syscall.SIGUSR1, tr.log("never"))
	l.CallSoon(func() { send(t, syscall.SIGUSR1) })
	if err := l.RunForever(); err != nil {
		t.Fatal(err)
	}
	tr.want(t, "once", "again")
}

func TestAPanicOfAReceiverKeepsNobodyFromTheSignal(t *testing.T) {
	var reported []error
	l := newLoop(t, func(o *Options) {
		o.Driver = ""
		o.ExceptionHandler = func(_ *Loop, e Exception) { reported = append(reported, e.Err) }
	})
	addSignalHandler(t, l, syscall.SIGUSR1, func() { panic("boom") })
	addSignalHandler(t, l, syscall.SIGUSR1, l.Stop)
	l.CallSoon(func() { send(t, syscall.SIGUSR1) })
	if err := l.RunForever(); err != nil {
		t.Fatal(err)
	}
	var p *PanicError
	if len(reported) != 1 || !errors.As(reported[0], &p) || p.Value != "boom" {
		t.Errorf("got %v", reported)
	}
}

func TestWhatArrivesWhileACallIsDueIsOneWithIt(t *testing.T) {
	l := realLoop(t)
	calls := 0
	h := &heard{loop: l, arrived: make(chan os.Signal), ended: make(chan struct{})}
	h.receivers.Store(&[]*receiver{{fn: func() {
		if calls++; calls == 1 {
			// It has begun, so these two make one more call.
			h.arrived <- syscall.SIGUSR1
			h.arrived <- syscall.SIGUSR1
			close(h.arrived)
			<-h.ended
			l.CallSoon(l.Stop)
		}
	}}})
	go h.deliver()
	h.arrived <- syscall.SIGUSR1
	h.arrived <- syscall.SIGUSR1
	if err := l.RunForever(); err != nil {
		t.Fatal(err)
	}
	if calls != 2 {
		t.Errorf("%d calls, want 2", calls)
	}
}

func TestEveryLoopGetsTheSignal(t *testing.T) {
	var added, ended sync.WaitGroup
	added.Add(2)
	for range 2 {
		l := realLoop(t)
		ended.Go(func() {
			addSignalHandler(t, l, syscall.SIGUSR1, l.Stop)
			l.CallSoon(added.Done)
			if err := l.RunForever(); err != nil {
				t.Error(err)
			}
		})
	}
	added.Wait()
	send(t, syscall.SIGUSR1)
	ended.Wait()
}

func TestASignalThatCannotBeHandledIsRefused(t *testing.T) {
	l := newLoop(t)
	for sig, want := range map[os.Signal]string{
		syscall.SIGKILL:     "no process can catch",
		syscall.SIGSTOP:     "no process can catch",
		nil:                 "not a signal",
		syscall.Signal(0):   "not a signal",
		syscall.Signal(-1):  "not a signal",
		syscall.Signal(100): "not a signal",
	} {
		if _, err := l.AddSignalHandler(sig, func() {}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: got %v", sig, err)
		}
	}
	if _, err := l.AddSignalHandler(syscall.SIGUSR1, nil); err == nil || !strings.Contains(err.Error(), "function") {
		t.Errorf("no function: got %v", err)
	}
	nothingHeard(t, l)
	_ = l.Close()
	if _, err := l.AddSignalHandler(syscall.SIGUSR1, func() {}); !errors.Is(err, ErrClosed) {
		t.Errorf("closed loop: got %v", err)
	}
}

func TestASignalHandlerHoldsNoVirtualTime(t *testing.T) {
	l := newLoop(t)
	addSignalHandler(t, l, syscall.SIGUSR1, func() {})
	before := l.Now()
	err := l.RunUntilComplete(start(l, func(ctx context.Context) error { return Sleep(ctx, time.Hour) }))
	if passed := l.Now().Sub(before); err != nil || passed != time.Hour {
		t.Errorf("%v passed, %v", passed, err)
	}
	waiting := start(l, func(ctx context.Context) error {
		err, _ := (&Future{}).Wait(ctx)
		return err
	})
	err = l.RunUntilComplete(waiting)
	var deadlock *DeadlockError
	if !errors.As(err, &deadlock) {
		t.Errorf("got %v, want a deadlock", err)
	}
	_ = l.Shutdown(nil, nil)
}

func TestATaskThatIsAbandonedMayCancelItsHandle(t *testing.T) {
	l, err := New(Options{Driver: "simulated"})
	if err != nil {
		t.Fatal(err)
	}
	unwound := false
	start(l, func(ctx context.Context) error {
		h := addSignalHandler(t, l, syscall.SIGUSR1, func() {})
		defer func() {
			h.Cancel()
			if _, err := l.AddSignalHandler(syscall.SIGUSR1, func() {}); !errors.Is(err, ErrClosed) {
				t.Errorf("while closing: got %v", err)
			}
			unwound = true
		}()
		return Sleep(ctx, time.Hour)
	})
	addSignalHandler(t, l, syscall.SIGUSR2, func() {})
	l.Stop()
	_ = l.RunForever()
	if err := l.Close(); !errors.Is(err, ErrAbandoned) || !unwound {
		t.Errorf("close: %v, unwound: %v", err, unwound)
	}
	nothingHeard(t, l)
}
