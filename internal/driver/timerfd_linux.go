package driver

import (
	"fmt"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// timerfd is a kernel timer (timerfd_create(2)) in an epoll instance, with a resolution of nanoseconds. It is made when
// first set. It is registered edge-triggered, so that it need not be read when it has expired.
type timerfd struct {
	fd    int   // -1 when there is none
	in    int   // the epoll instance it is in
	until int64 // when it expires, or unarmed
	spec  unix.ItimerSpec
}

// isTimer tells the timer's events from those of descriptors, whose generation is never 0.
func isTimer(event *unix.EpollEvent) bool { return event.Pad == 0 }

// set has the timer expire once, at until, which is after from now and not yet here.
func (t *timerfd) set(epoll int, until int64, after time.Duration) error {
	if t.fd < 0 {
		fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_CLOEXEC|unix.TFD_NONBLOCK)
		if err != nil {
			return fmt.Errorf("driver: create a timerfd: %w", err)
		}
		t.fd, t.in = fd, -1
	}
	if t.in != epoll {
		event := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLET, Fd: int32(t.fd)}
		if err := unix.EpollCtl(epoll, unix.EPOLL_CTL_ADD, t.fd, &event); err != nil {
			return fmt.Errorf("driver: watch the timerfd: %w", err)
		}
		t.in = epoll
	}
	t.spec.Value = unix.NsecToTimespec(int64(after))
	_, _, errno := unix.RawSyscall6(unix.SYS_TIMERFD_SETTIME, uintptr(t.fd), 0, uintptr(unsafe.Pointer(&t.spec)), 0, 0, 0)
	kernelRead(unsafe.Pointer(&t.spec), int(unsafe.Sizeof(t.spec)))
	if errno != 0 {
		return fmt.Errorf("driver: set the timerfd to %v: %w", after, errno)
	}
	t.until = until
	return nil
}

func (t *timerfd) close() {
	if t.fd >= 0 {
		unix.Close(t.fd)
		t.fd = -1
	}
}
