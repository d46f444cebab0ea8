//go:build race && unix && !aix

package driver

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// planted are races through memory that only the kernel touches on one side, and one use that is right. Each function
// runs in a process of its own, whose race detector must say which is which.
var planted = map[string]struct {
	race bool
	run  func(t *testing.T)
}{
	"a buffer is used while it is read into": {true, func(t *testing.T) {
		r, w := pipe(t)
		write(t, w)
		p := make([]byte, 8)
		beside(func() { p[0]++ }, func() { mustTransfer(t, Read, r, p) })
	}},
	"a buffer is filled while it is written from": {true, func(t *testing.T) {
		_, w := pipe(t)
		p := make([]byte, 8)
		beside(func() { p[0]++ }, func() { mustTransfer(t, Write, w, p) })
	}},
	"two goroutines read into one buffer": {true, func(t *testing.T) {
		r, w := pipe(t)
		write(t, w)
		write(t, w)
		p := make([]byte, 8)
		beside(func() { mustTransfer(t, Read, r, p) }, func() { mustTransfer(t, Read, r, p) })
	}},
	"a buffer is only looked at while it is written from": {false, func(t *testing.T) {
		_, w := pipe(t)
		p := make([]byte, 8)
		beside(func() { _ = p[0] }, func() { mustTransfer(t, Write, w, p) })
	}},
	"what was done before a write is seen after the read": {false, func(t *testing.T) {
		r, w := pipe(t)
		shared, done := 0, make(chan struct{})
		go func() {
			shared = 1
			mustTransfer(t, Write, w, []byte("x"))
			close(done)
		}()
		p := make([]byte, 1)
		for {
			if _, err := Read(r, p); err == nil {
				break
			} else if !errors.Is(err, unix.EAGAIN) {
				t.Fatal(err)
			}
		}
		if shared != 1 {
			t.Error("not seen")
		}
		<-done
	}},
}

// beside runs both functions with nothing that orders them, and waits for the first one afterwards.
func beside(other, own func()) {
	done := make(chan struct{})
	go func() {
		other()
		close(done)
	}()
	own()
	<-done
}

func mustTransfer(t *testing.T, transfer func(int, []byte) (int, error), fd int, p []byte) {
	if _, err := transfer(fd, p); err != nil {
		t.Error(err)
	}
}

func TestPlantedRacesAreCaught(t *testing.T) {
	const role = "AIO_TEST_PLANTED_RACE"
	if name := os.Getenv(role); name != "" {
		planted[name].run(t)
		return
	}
	for name, plant := range planted {
		t.Run(name, func(t *testing.T) {
			command := exec.Command(os.Args[0], "-test.run=^TestPlantedRacesAreCaught$")
			command.Env = append(os.Environ(), role+"="+name, "GORACE=halt_on_error=0")
			out, err := command.CombinedOutput()
			if caught := strings.Contains(string(out), "DATA RACE"); caught != plant.race || (err != nil) != plant.race {
				t.Errorf("caught: %v, want %v; %v after %s", caught, plant.race, err, out)
			}
		})
	}
}
