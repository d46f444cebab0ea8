package process

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// A Command says what to start.
type Command struct {
	Path  string
	Args  []string
	Env   []string
	Dir   string
	Files []int // descriptors of the child, from 0 on
	Nice  int
}

// A Process is a child in a process group of its own. It gets SIGKILL when its
// parent dies.
type Process struct {
	PID   int
	pidfd *os.File // nil on a kernel without
}

// Start starts a process.
func Start(c Command) (*Process, error) {
	files := make([]uintptr, len(c.Files))
	for i, fd := range c.Files {
		files[i] = uintptr(fd)
	}
	pidfd := -1
	attributes := &syscall.ProcAttr{
		Dir: c.Dir, Env: c.Env, Files: files,
		Sys: &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL, PidFD: &pidfd},
	}
	p := &Process{}
	var err error
	onStarter(func() { p.PID, _, err = syscall.StartProcess(c.Path, c.Args, attributes) })
	if err != nil {
		leaveStarter()
		return nil, fmt.Errorf("start %s: %w", c.Path, err)
	}
	if pidfd >= 0 {
		if err := unix.SetNonblock(pidfd, true); err == nil {
			p.pidfd = os.NewFile(uintptr(pidfd), "pidfd")
		} else {
			unix.Close(pidfd)
		}
	}
	if c.Nice != 0 {
		if err := unix.Setpriority(unix.PRIO_PGRP, p.PID, c.Nice); err != nil {
			p.Signal(unix.SIGKILL)
			p.Await()
			p.Reap()
			return nil, fmt.Errorf("set the nice value %d: %w", c.Nice, err)
		}
	}
	return p, nil
}

// Signal sends a signal to the process group, before Reap.
func (p *Process) Signal(signal syscall.Signal) {
	_ = unix.Kill(-p.PID, signal) // an error says that nobody is left
}

// Await waits for the process to end, and leaves the zombie.
func (p *Process) Await() {
	p.awaitEnd()
}

// Reap ends what is left of the group of a process that has ended, and says how
// that did. It is called once, after Await, and no signal may be sent from then
// on.
func (p *Process) Reap() Status {
	defer leaveStarter()
	// The zombie keeps the number of the group from being given to another one.
	p.Signal(unix.SIGKILL)
	var status unix.WaitStatus
	for {
		_, err := unix.Wait4(p.PID, &status, 0, nil)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return Status{Text: fmt.Sprintf("ended; how is not known: wait4: %v", err)}
		}
		return statusOf(status)
	}
}

// awaitEnd waits without holding a thread, where the kernel has pidfd.
func (p *Process) awaitEnd() {
	if p.pidfd != nil {
		defer p.pidfd.Close()
		if raw, err := p.pidfd.SyscallConn(); err == nil && raw.Read(func(uintptr) bool { return p.ended(unix.WNOHANG) }) == nil {
			return
		}
	}
	p.ended(0)
}

// ended reports whether the process has ended, and leaves the zombie.
func (p *Process) ended(flags int) bool {
	for {
		var info unix.Siginfo
		err := unix.Waitid(unix.P_PID, p.PID, &info, flags|unix.WEXITED|unix.WNOWAIT, nil)
		if err == unix.EINTR {
			continue
		}
		return err != nil || info.Signo != 0
	}
}

func statusOf(s unix.WaitStatus) Status {
	switch {
	case s.Signaled():
		return Status{Text: "killed by " + unix.SignalName(s.Signal()), Signal: s.Signal()}
	default:
		return Status{Text: fmt.Sprintf("exit status %d", s.ExitStatus()), Code: s.ExitStatus()}
	}
}

// Resident returns how many bytes of memory the process has resident.
func (p *Process) Resident() (int64, error) {
	statm, err := os.ReadFile("/proc/" + strconv.Itoa(p.PID) + "/statm")
	if err != nil {
		return 0, err
	}
	fields := bytes.Fields(statm)
	if len(fields) < 2 {
		return 0, errors.New("statm has no fields")
	}
	pages, err := strconv.ParseInt(string(fields[1]), 10, 64)
	return pages * int64(os.Getpagesize()), err
}

// Self is the path under which the running program can be started again, also
// when its file was replaced.
func Self() (string, error) {
	const self = "/proc/self/exe"
	if _, err := os.Stat(self); err != nil {
		return os.Executable()
	}
	return self, nil
}

// EndGroup kills the calling process and its group, if it leads one.
func EndGroup() {
	if unix.Getpgrp() == unix.Getpid() {
		_ = unix.Kill(0, unix.SIGKILL)
	}
}

// CloseInherited closes what the process has inherited beyond the standard
// descriptors and those that were marked to be closed on exec since: what the
// parent itself had inherited that way, from a supervisor or a shell.
func CloseInherited() {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return
	}
	for _, entry := range entries {
		fd, err := strconv.Atoi(entry.Name())
		if err != nil || fd <= 2 {
			continue
		}
		// What this process has opened itself is closed on exec, as Go opens it.
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil && flags&unix.FD_CLOEXEC == 0 {
			unix.Close(fd)
		}
	}
}
