//go:build unix

package loop

import (
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
)

// Receivers come and go on two loops, from other goroutines and in handlers,
// while signals arrive, up to and beyond the end of the loops.
func TestReceiversComeAndGoWhileSignalsArrive(t *testing.T) {
	var over atomic.Bool
	var sender sync.WaitGroup
	sender.Go(func() {
		for !over.Load() {
			for _, sig := range []syscall.Signal{syscall.SIGUSR1, syscall.SIGUSR2} {
				if err := syscall.Kill(os.Getpid(), sig); err != nil {
					t.Error(err)
				}
			}
		}
	})
	var called atomic.Int64
	var loops sync.WaitGroup
	for range 2 {
		l, err := New(Options{})
		if err != nil {
			t.Fatal(err)
		}
		var comings sync.WaitGroup
		for _, sig := range []os.Signal{syscall.SIGUSR1, syscall.SIGUSR2} {
			for range 2 {
				comings.Go(func() { comeAndGo(t, l, sig, &called) })
			}
		}
		loops.Go(func() {
			go func() {
				comings.Wait()
				l.Stop()
			}()
			if err := l.RunForever(); err != nil {
				t.Error(err)
			}
			nothingHeard(t, l)
			for _, sig := range []os.Signal{syscall.SIGUSR1, syscall.SIGUSR2} {
				addSignalHandler(t, l, sig, func() { t.Error("called by a loop that does not run") })
			}
			late := make(chan error)
			go func() {
				for {
					if _, err := l.AddSignalHandler(syscall.SIGUSR1, func() {}); err != nil {
						late <- err
						return
					}
				}
			}()
			if err := l.Close(); err != nil {
				t.Error(err)
			}
			if err := <-late; !errors.Is(err, ErrClosed) {
				t.Errorf("got %v", err)
			}
			nothingHeard(t, l)
		})
	}
	loops.Wait()
	over.Store(true)
	sender.Wait()
	t.Logf("%d calls", called.Load())
}

// comeAndGo adds receivers. Some are removed at once, some by themselves; the
// latter are waited for, so that a signal that is lost hangs the test.
func comeAndGo(t *testing.T, l *Loop, sig os.Signal, called *atomic.Int64) {
	for i := range 100 {
		brief, err := l.AddSignalHandler(sig, func() { called.Add(1) })
		if err != nil {
			t.Error(err)
			return
		}
		if i%2 == 0 {
			brief.Cancel()
			continue
		}
		heard := make(chan struct{})
		l.CallSoon(func() {
			var own SignalHandle
			own, err := l.AddSignalHandler(sig, func() {
				own.Cancel()
				close(heard)
			})
			if err != nil {
				t.Error(err)
				close(heard)
			}
		})
		<-heard
		brief.Cancel()
	}
}
