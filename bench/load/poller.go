//go:build linux

package load

import (
	"fmt"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A poller waits on connections, edge-triggered.
type poller struct {
	fd     int
	spin   bool
	events []unix.EpollEvent
}

func newPoller(spin bool) (poller, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return poller{}, fmt.Errorf("epoll_create1: %w", err)
	}
	return poller{fd: fd, spin: spin, events: make([]unix.EpollEvent, 512)}, nil
}

// add watches a connection; wait names it by its number.
func (p poller) add(fd, number int) error {
	event := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLRDHUP | unix.EPOLLET, Fd: int32(number)}
	if err := unix.EpollCtl(p.fd, unix.EPOLL_CTL_ADD, fd, &event); err != nil {
		return fmt.Errorf("epoll_ctl: %w", err)
	}
	return nil
}

// wait returns the connections that became readable: at once when it spins, else within the given time.
func (p poller) wait(longest time.Duration) ([]unix.EpollEvent, error) {
	// First without sleeping, in a call that costs no word with the Go scheduler.
	n, _, errno := syscall.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(p.fd),
		uintptr(unsafe.Pointer(unsafe.SliceData(p.events))), uintptr(len(p.events)), 0, 0, 0)
	if errno == 0 && n == 0 && !p.spin && longest > 0 {
		limit := unix.NsecToTimespec(longest.Nanoseconds())
		n, _, errno = syscall.Syscall6(unix.SYS_EPOLL_PWAIT2, uintptr(p.fd),
			uintptr(unsafe.Pointer(unsafe.SliceData(p.events))), uintptr(len(p.events)),
			uintptr(unsafe.Pointer(&limit)), 0, 0)
	}
	if errno == syscall.EINTR {
		return nil, nil
	}
	if errno != 0 {
		return nil, fmt.Errorf("epoll_pwait: %w", errno)
	}
	return p.events[:n], nil
}

func (p poller) close() error { return unix.Close(p.fd) }
