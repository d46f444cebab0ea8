//go:build unix

package aio

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/goaio/aio/loop"
)

// The tests send themselves signals that do nothing to a Go program that does
// not catch them; one that kills is left to a child.

func send(t testing.TB, sig syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(os.Getpid(), sig); err != nil {
		t.Error(err)
	}
}

// caught returns a channel that gets the signal too.
func caught(t testing.TB, sig os.Signal) <-chan os.Signal {
	ch := make(chan os.Signal, 1)
	signal.Notify(ch, sig)
	t.Cleanup(func() { signal.Stop(ch) })
	return ch
}

// sendUntil sends a signal until over is closed: nobody outside of a range can
// see when it has begun.
func sendUntil(t testing.TB, sig syscall.Signal, over <-chan struct{}) (ended <-chan struct{}) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-over:
				return
			default:
				send(t, sig)
				runtime.Gosched()
			}
		}
	}()
	return done
}

func TestSignalsArriveEverywhere(t *testing.T) {
	for _, place := range places {
		t.Run(place.name, func(t *testing.T) {
			if err := place.run(t, func(ctx context.Context) error {
				over := make(chan struct{})
				ended := sendUntil(t, syscall.SIGUSR1, over)
				turns := 0
				for sig, err := range Signals(ctx, syscall.SIGUSR2, syscall.SIGUSR1) {
					if err != nil || sig != syscall.SIGUSR1 {
						return errors.Join(errTest, err)
					}
					if turns++; turns == 3 {
						break
					}
				}
				close(over)
				<-ended
				return nil
			}); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestSignalsAreACancelsLastError(t *testing.T) {
	for _, place := range places {
		t.Run(place.name, func(t *testing.T) {
			if err := place.run(t, func(ctx context.Context) error {
				ctx, cancel := context.WithCancelCause(ctx)
				go cancel(errTest)
				turns := 0
				var last error
				for sig, err := range Signals(ctx, syscall.SIGWINCH) {
					if sig != nil {
						t.Errorf("got %v", sig)
					}
					turns, last = turns+1, err
				}
				if turns != 1 || !IsCancelled(last) || !errors.Is(last, errTest) {
					t.Errorf("%d turns, the last one with %v", turns, last)
				}
				return nil
			}); err != nil {
				t.Error(err)
			}
		})
	}
}

// One of each kind is kept while the range's body is at work.
func TestSignalsAreKeptForTheNextTurn(t *testing.T) {
	err := Run(context.Background(), func(ctx context.Context) error {
		one, two := caught(t, syscall.SIGUSR1), caught(t, syscall.SIGUSR2)
		Go(ctx, func(context.Context) error { send(t, syscall.SIGUSR1); return nil })
		var got []os.Signal
		for sig, err := range Signals(ctx, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGUSR1) {
			if err != nil {
				return err
			}
			if got = append(got, sig); len(got) == 3 {
				break
			}
			if len(got) > 1 {
				continue
			}
			<-one
			for range 50 {
				send(t, syscall.SIGUSR1)
				<-one
			}
			send(t, syscall.SIGUSR2)
			<-two
		}
		seen := map[os.Signal]int{}
		for _, sig := range got {
			seen[sig]++
		}
		if seen[syscall.SIGUSR1] != 2 || seen[syscall.SIGUSR2] != 1 {
			t.Errorf("got %v", got)
		}
		return nil
	}, NoInterrupt())
	if err != nil {
		t.Error(err)
	}
}

func TestSignalsThatCannotBeCaughtAreRefused(t *testing.T) {
	for _, c := range []struct {
		signals []os.Signal
		want    string
	}{
		{nil, "name the signals"},
		{[]os.Signal{syscall.SIGUSR1, syscall.SIGKILL}, "no process can catch"},
		{[]os.Signal{syscall.SIGSTOP}, "no process can catch"},
		{[]os.Signal{nil}, "not a signal"},
	} {
		turns := 0
		for sig, err := range Signals(context.Background(), c.signals...) {
			turns++
			if sig != nil || err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v: got %v, %v", c.signals, sig, err)
			}
		}
		if turns != 1 {
			t.Errorf("%v: %d turns", c.signals, turns)
		}
	}
	virtually(t, func(ctx context.Context) error {
		result := NewFuture[error]()
		loop.Current().CallSoon(func() {
			for _, err := range Signals(ctx, syscall.SIGUSR1) {
				_ = result.SetResult(err)
			}
		})
		err, awaitErr := result.Await(ctx)
		if !errors.Is(err, ErrAwaitInCallback) {
			t.Errorf("in a callback: got %v", err)
		}
		return awaitErr
	})
}

func TestSignalsUnderVirtualTime(t *testing.T) {
	err := Run(context.Background(), func(ctx context.Context) error {
		for range Signals(ctx, syscall.SIGUSR1) {
		}
		return nil
	}, Driver("simulated"), NoInterrupt())
	var deadlock *DeadlockError
	if !errors.As(err, &deadlock) {
		t.Errorf("got %v, want a deadlock", err)
	}
}

// With NoInterrupt a program has the interrupt to itself, without it main is
// cancelled too.
func TestSignalsAndInterrupts(t *testing.T) {
	interrupts := caught(t, os.Interrupt) // so that none ends the tests
	for _, own := range []bool{true, false} {
		turns := 0
		options := []Option{NoInterrupt()}
		if !own {
			options = nil
		}
		err := Run(context.Background(), func(ctx context.Context) error {
			Go(ctx, func(context.Context) error { send(t, syscall.SIGINT); return nil })
			for _, err := range Signals(ctx, os.Interrupt) {
				if err != nil {
					return err
				}
				<-interrupts
				if turns++; turns == 2 {
					return nil
				}
				if own {
					send(t, syscall.SIGINT)
				}
			}
			return nil
		}, options...)
		if own && (err != nil || turns != 2) || !own && !errors.Is(err, ErrInterrupted) {
			t.Errorf("own: %v: %d turns, %v", own, turns, err)
		}
		if turns == 0 { // the cancel was faster
			<-interrupts
		}
	}
}
