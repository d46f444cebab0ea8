//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"time"

	"github.com/goaio/aio/bench/load"
	"golang.org/x/sys/unix"
)

// A serverProcess is a peer's server, a child: it writes its port when it listens, and answers a line once it has given free
// memory back.
type serverProcess struct {
	*child
	Address   netip.AddrPort
	sink      *load.Sink    // of a proxy
	accounted time.Duration // of its CPU, up to the end of its last turn; zero before the first
}

func startServer(ctx context.Context, pinned bool, command ...string) (*serverProcess, error) {
	var wrap func(func() error) error
	if pinned {
		wrap = onServerCore
	}
	child, err := startChild(wrap, command...)
	if err != nil {
		return nil, err
	}
	line, err := child.line(ctx)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s told no port: %w", command[0], err), child.stop())
	}
	port, err := strconv.ParseUint(line, 10, 16)
	if err != nil || port == 0 {
		return nil, errors.Join(fmt.Errorf("%s told the port %q", command[0], line), child.stop())
	}
	address := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(port))
	return &serverProcess{child: child, Address: address}, nil
}

// settle has the server collect and give free memory back.
func (s *serverProcess) settle(ctx context.Context) error {
	_, err := s.ask(ctx, "settle")
	return err
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

// cpuOf is what the server has spent of it while run ran.
func (s *serverProcess) cpuOf(run func() error) (time.Duration, error) {
	before, err := s.cpu()
	if err != nil {
		return 0, err
	}
	if err := run(); err != nil {
		return 0, err
	}
	after, err := s.cpu()
	return after - before, err
}
