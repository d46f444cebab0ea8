//go:build unix

package aio

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/goaio/aio/loop"
)

// rangeEnds are the ways in which a range over signals can end: what its body
// does, and whether it breaks then.
var rangeEnds = map[string]func(cancel func()) (stop bool){
	"break":  func(func()) bool { return true },
	"cancel": func(cancel func()) bool { cancel(); return false },
	"panic":  func(func()) bool { panic("boom") },
	"Goexit": func(func()) bool { runtime.Goexit(); return false },
	"close": func(func()) bool { // closeAround sees to the rest
		l := loop.Current()
		l.CallSoon(l.Stop)
		return false
	},
}

// That a signal is given back shows in a process that it kills.
func TestSignalsAreGivenBackHoweverTheRangeEnds(t *testing.T) {
	if role := os.Getenv("AIO_TEST_SIGNAL"); role != "" {
		how, where, _ := strings.Cut(role, " in ")
		giveBack(t, how, where)
		return
	}
	for how := range rangeEnds {
		for _, where := range []string{"a task", "a goroutine"} {
			if how == "close" && where == "a goroutine" {
				continue // which belongs to no loop that could be closed
			}
			role := how + " in " + where
			t.Run(role, func(t *testing.T) {
				command := exec.Command(os.Args[0], "-test.run=^TestSignalsAreGivenBackHoweverTheRangeEnds$")
				command.Env = append(os.Environ(), "AIO_TEST_SIGNAL="+role)
				out, err := command.CombinedOutput()
				var exit *exec.ExitError
				if !errors.As(err, &exit) {
					t.Fatalf("got %v after %q", err, out)
				}
				if status := exit.Sys().(syscall.WaitStatus); !status.Signaled() || status.Signal() != syscall.SIGTERM {
					t.Errorf("ended with %v after %q", exit, out)
				}
				if string(out) != "caught\nover\n" {
					t.Errorf("got %q", out)
				}
			})
		}
	}
}

// giveBack is the child. A signal that does nothing by itself tells it that the
// range has begun; the one that kills is sent then, and after the range.
func giveBack(t *testing.T, how, where string) {
	began := make(chan struct{})
	sent := sendUntil(t, syscall.SIGUSR1, began)
	ctx, cancel := context.WithCancel(context.Background())
	body := func(ctx context.Context) error {
		caught := false
		for sig, err := range Signals(ctx, syscall.SIGTERM, syscall.SIGUSR1) {
			switch {
			case err != nil:
				return err
			case sig == syscall.SIGTERM:
				fmt.Println("caught")
				if rangeEnds[how](cancel) {
					return nil
				}
			case !caught:
				caught = true
				close(began)
				send(t, syscall.SIGTERM)
			}
		}
		return nil
	}
	over := make(chan struct{})
	go func() {
		defer close(over)
		defer func() { _ = recover() }()
		switch {
		case how == "close":
			closeAround(t, body)
		case where == "a task":
			_ = Run(ctx, body, NoInterrupt())
		default:
			_ = body(ctx)
		}
	}()
	<-over
	<-sent
	fmt.Println("over")
	send(t, syscall.SIGTERM)
	time.Sleep(10 * time.Second)
	fmt.Println("survived")
}

// closeAround closes a loop on which body is suspended.
func closeAround(t *testing.T, body func(ctx context.Context) error) {
	l, err := loop.New(loop.Options{})
	if err != nil {
		t.Error(err)
		return
	}
	Go(loop.Carry(context.Background(), l, nil), body)
	if err := l.RunForever(); err != nil {
		t.Error(err)
	}
	if err := l.Close(); !errors.Is(err, loop.ErrAbandoned) {
		t.Errorf("close: %v", err)
	}
}
