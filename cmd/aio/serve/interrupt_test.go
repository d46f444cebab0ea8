//go:build unix && !aix

package serve

import (
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A second Ctrl-C does not wait for the downloads that the first one lets finish.
func TestSecondInterrupt(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "large"), make([]byte, 32<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	said := &transcript{more: make(chan struct{}, 1)}
	command := exec.Command(os.Args[0], "--addr", "127.0.0.1:0", dir)
	command.Env = append(os.Environ(), asCommand+"=1")
	command.Stdout, command.Stderr = said, said
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = command.Process.Kill() }()
	address := said.wait(t, `http://([0-9.:]+)/`)[1]
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, _ = io.WriteString(c, "GET /large HTTP/1.1\r\nHost: h\r\n\r\n")
	if _, err := io.ReadFull(c, make([]byte, 1000)); err != nil { // and no more is read
		t.Fatal(err)
	}
	_ = command.Process.Signal(os.Interrupt)
	said.wait(t, "stopping")
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	// The first one is noticed before the signal is given back.
	for again := time.NewTicker(10 * time.Millisecond); ; {
		select {
		case <-again.C:
			_ = command.Process.Signal(os.Interrupt)
			continue
		case err := <-ended:
			again.Stop()
			exit, is := err.(*exec.ExitError)
			if !is || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGINT || strings.Contains(said.String(), "cut off") {
				t.Errorf("%v after\n%s", err, said)
			}
			return
		}
	}
}
