//go:build linux

package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/goaio/aio/bench/load"
	"golang.org/x/sys/unix"
)

// A serverProcess is a peer's server. It writes its port when it listens, a line for each line it reads once it
// has given free memory back, and ends when its standard input closes: also when this process dies.
type serverProcess struct {
	Address netip.AddrPort
	process *exec.Cmd
	stdin   io.WriteCloser
	lines   *bufio.Reader
	stderr  bytes.Buffer
	sink    *load.Sink // of a proxy
}

func startServer(ctx context.Context, pinned bool, command ...string) (*serverProcess, error) {
	s := &serverProcess{process: exec.CommandContext(ctx, command[0], command[1:]...)}
	s.process.Stderr = &s.stderr
	s.process.WaitDelay = time.Second
	stdin, err := s.process.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := s.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	s.stdin, s.lines = stdin, bufio.NewReader(stdout)
	start := s.process.Start
	if pinned {
		start = func() error { return onServerCore(s.process.Start) }
	}
	if err := start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", command[0], err)
	}
	line, err := s.lines.ReadString('\n')
	if err != nil {
		return nil, s.stop(fmt.Errorf("%s told no port: %w", command[0], err))
	}
	port, err := strconv.ParseUint(strings.TrimSpace(line), 10, 16)
	if err != nil || port == 0 {
		return nil, s.stop(fmt.Errorf("%s told the port %q", command[0], line))
	}
	s.Address = netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(port))
	return s, nil
}

// stop ends the server and returns the error of the measurement, with what the server said and how it ended.
func (s *serverProcess) stop(measuring error) error {
	s.stdin.Close()
	io.Copy(io.Discard, s.lines) // Wait would otherwise close the pipe first
	err := errors.Join(measuring, s.process.Wait())
	if err != nil && s.stderr.Len() > 0 {
		err = fmt.Errorf("%w\n%s", err, s.stderr.Bytes())
	}
	return err
}

// settle has the server collect and give free memory back.
func (s *serverProcess) settle() error {
	if _, err := io.WriteString(s.stdin, "settle\n"); err != nil {
		return fmt.Errorf("settle: %w", err)
	}
	if _, err := s.lines.ReadString('\n'); err != nil {
		return fmt.Errorf("settle: %w", err)
	}
	return nil
}

// cpu is the processor time of all threads the server ever had, user and system, in the
// nanoseconds of the scheduler: getrusage and /proc/PID/stat tell it in ticks.
func (s *serverProcess) cpu() (time.Duration, error) {
	const scheduled = 2 // CPUCLOCK_SCHED: the clock id of a process, as clock_getcpuclockid(3) builds it
	var t unix.Timespec
	if err := unix.ClockGettime(int32(^s.process.Process.Pid<<3|scheduled), &t); err != nil {
		return 0, fmt.Errorf("clock of process %d: %w", s.process.Process.Pid, err)
	}
	return time.Duration(t.Nano()), nil
}
