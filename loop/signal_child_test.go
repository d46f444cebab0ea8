//go:build unix

package loop

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// That the default of a signal has come back shows in a process that it kills.
func TestASignalIsGivenBack(t *testing.T) {
	if how := os.Getenv("AIO_TEST_SIGNAL"); how != "" {
		giveBack(t, how)
		return
	}
	for _, how := range []string{"close", "cancel", "cancel on the loop"} {
		t.Run(how, func(t *testing.T) {
			command := exec.Command(os.Args[0], "-test.run=^TestASignalIsGivenBack$")
			command.Env = append(os.Environ(), "AIO_TEST_SIGNAL="+how)
			out, err := command.Output()
			var exit *exec.ExitError
			if !errors.As(err, &exit) {
				t.Fatalf("got %v after %q", err, out)
			}
			if status := exit.Sys().(syscall.WaitStatus); !status.Signaled() || status.Signal() != syscall.SIGTERM {
				t.Errorf("ended with %v", exit)
			}
			if string(out) != "caught\ngiven back\ncaught the other one\n" {
				t.Errorf("got %q", out)
			}
		})
	}
}

// giveBack is the child: it catches a signal, gives it back while it goes on
// catching another one, and sends it to itself again.
func giveBack(t *testing.T, how string) {
	l, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	other := l
	if how == "close" {
		if other, err = New(Options{}); err != nil {
			t.Fatal(err)
		}
	}
	addSignalHandler(t, other, syscall.SIGHUP, func() { fmt.Println("caught the other one"); other.Stop() })
	var h SignalHandle
	h = addSignalHandler(t, l, syscall.SIGTERM, func() {
		fmt.Println("caught")
		if how == "cancel on the loop" {
			h.Cancel()
		}
		l.Stop()
	})
	l.CallSoon(func() { send(t, syscall.SIGTERM) })
	if err := l.RunForever(); err != nil {
		t.Fatal(err)
	}
	switch how {
	case "close":
		err = l.Close()
	case "cancel":
		h.Cancel()
	}
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println("given back")
	other.CallSoon(func() { send(t, syscall.SIGHUP) })
	if err := other.RunForever(); err != nil {
		t.Fatal(err)
	}
	send(t, syscall.SIGTERM)
	time.Sleep(10 * time.Second)
	fmt.Println("survived")
}
