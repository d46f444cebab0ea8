//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package driver

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// kqueue is the driver for macOS and the BSDs (kqueue(2)).
//
// To sleep while descriptors are watched it sits in kevent(2), and a pipe wakes it. Parking on Go's own poller, as the
// epoll driver does, is not to be had: Go registers every descriptor for reading and for writing, and a kqueue lets
// itself be watched for reading alone. The price is a thread in a system call, whose processor Go's scheduler takes back
// and gives again. With nothing watched it waits on a channel and a timer of Go's, without a thread.
type kqueue struct {
	clock
	sleeper
	fd       int
	state    atomic.Int32 // awake, parked, idle or woken
	bell     bell
	polls    pollTable
	broken   []int // descriptors to be reported as writable at each poll
	reported []int // descriptors with something to deliver, in the system's order
	limit    unix.Timespec
	changes  [1]unix.Kevent_t
	events   [256]unix.Kevent_t
}

func openKqueue() (Driver, error) {
	fd, err := unix.Kqueue()
	if err != nil {
		return nil, fmt.Errorf("driver: create a kqueue: %w", err)
	}
	unix.CloseOnExec(fd)
	d := &kqueue{clock: newClock(), sleeper: newSleeper(), fd: fd}
	if d.bell, err = newBell(); err == nil {
		err = d.change(d.bell.reader, unix.EVFILT_READ, unix.EV_ADD)
	}
	if err != nil {
		d.Close()
		return nil, fmt.Errorf("driver: make the pipe that wakes a kqueue: %w", err)
	}
	return d, nil
}

func (d *kqueue) Name() string { return "kqueue" }

func (d *kqueue) Wait(timeout time.Duration, _ int, ready func(int, Interest)) error {
	if d.fd < 0 {
		return closedError("wait")
	}
	var err error
	switch {
	case timeout == 0:
		if d.polls.watched > 0 {
			err = d.poll(0)
		}
	case d.polls.watched == 0:
		if d.state.CompareAndSwap(awake, idle) {
			d.sleep(timeout)
		}
		d.state.Store(awake)
	case d.state.CompareAndSwap(awake, parked):
		err = d.poll(timeout)
		d.state.Store(awake)
	default: // woken
		d.state.Store(awake)
		err = d.poll(0)
	}
	// A Wake that saw parked or idle may only now be on its way to the bell or the channel. This Wait has answered it;
	// it costs a later one a needless return, no more.
	d.deliver(ready)
	return err
}

func (d *kqueue) Wake() {
	switch d.state.Swap(woken) {
	case parked:
		d.bell.ring()
	case idle:
		d.woken.set()
	}
}

// longestSleep is less than what any system refuses as too long.
const longestSleep = 1_000_000 * time.Second

// poll takes events from the kernel, waiting for the first one if there is a timeout. It may return early.
func (d *kqueue) poll(timeout time.Duration) error {
	if len(d.broken) > 0 {
		timeout = 0
	}
	var limit *unix.Timespec
	if timeout >= 0 {
		d.limit = unix.NsecToTimespec(int64(min(timeout, longestSleep)))
		limit = &d.limit
	}
	n, err := unix.Kevent(d.fd, nil, d.events[:], limit)
	switch {
	case errors.Is(err, unix.EINTR), errors.Is(err, unix.ETIMEDOUT): // the latter has been seen on macOS
		n = 0
	case err != nil:
		return fmt.Errorf("driver: kevent: %w", err)
	}
	if n > 0 {
		kernelWrote(unsafe.Pointer(&d.events[0]), n*int(unsafe.Sizeof(d.events[0])))
	}
	for i := range d.events[:n] {
		d.screen(&d.events[i])
	}
	d.reportBroken()
	return nil
}

// screen notes what an event says. End of file, an error and a hangup come as events of the filters they concern; only
// a registered descriptor is told of them apart.
func (d *kqueue) screen(event *unix.Kevent_t) {
	fd, is := int(event.Ident), Readable
	if event.Filter == unix.EVFILT_WRITE {
		is = Writable
	}
	switch entry := d.polls.entry(fd); {
	case fd == d.bell.reader:
		d.bell.hush()
	case entry.interest&is != 0:
		// The end of what we may write is not the peer's: our own shutdown brings it too.
		if entry.edge && is == Readable && event.Flags&unix.EV_EOF != 0 {
			is |= HungUp
		}
		d.report(fd, is)
	default:
		// Nobody asks for it. Left in the kernel, it would end every wait.
		_ = d.change(fd, int(event.Filter), unix.EV_DELETE)
	}
}

// report notes readiness, whose two directions come as two events.
func (d *kqueue) report(fd int, is Interest) {
	entry := &d.polls.fds[fd]
	if entry.ready == 0 {
		d.reported = append(d.reported, fd)
	}
	entry.ready |= is
}

// deliver reports what the last poll found, except for descriptors that a callback has forgotten or watched anew.
func (d *kqueue) deliver(ready func(int, Interest)) {
	for _, fd := range d.reported {
		entry := &d.polls.fds[fd]
		is := entry.ready
		entry.ready = 0
		if is != 0 {
			ready(fd, is)
		}
	}
	d.reported = d.reported[:0]
}

func (d *kqueue) Close() error {
	if d.fd < 0 {
		return nil
	}
	err := unix.Close(d.fd)
	d.fd = -1
	d.bell.close()
	if err != nil {
		return fmt.Errorf("driver: close the kqueue: %w", err)
	}
	return nil
}
