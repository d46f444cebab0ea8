package driver

import (
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// epoll is the driver for Linux (epoll(7)).
//
// A thread that sits in epoll_wait would make Go's scheduler take its processor away and give it back at every wait. So
// the kernel is only ever polled, with a raw system call, and to sleep the goroutine parks on Go's own poller, which
// reports when the epoll descriptor itself becomes readable.
//
// Go's poller is also what wakes it: a read deadline in the past ends the parking without a system call. Only where
// neither a descriptor nor a timer can end a wait, it is on a channel.
type epoll struct {
	clock
	file  atomic.Pointer[os.File] // the epoll instance; replaced only by rebuild
	raw   syscall.RawConn         // of file
	fd    int                     // of file
	state atomic.Int32            // awake, parked, idle or woken
	idler signal                  // what an idle Wait waits for
	armed int64                   // the deadline that file is set to, or unarmed
	timer timerfd
	polls pollTable

	blind     bool // do not poll before parking: no event can be there
	busy      bool // the last Wait that could park found events at once
	collected int  // how many of events are to be delivered
	rang      bool // the timer expired
	haunted   bool // events came from a registration that cannot be removed
	err       error
	collect   func(uintptr) bool // d.collectOrPark, bound once
	events    [256]unix.EpollEvent
}

// unarmed stands for not knowing what the deadline is.
const unarmed = -1

// armedSlack is how far, in nanoseconds, the armed deadline may be from the wanted one before it is set anew. A loop
// that waits for the same timer again and again then does so without system calls.
const armedSlack = 20_000

func openEpoll() (Driver, error) {
	d := &epoll{clock: newClock(), idler: newSignal(), fd: -1, timer: timerfd{fd: -1, until: unarmed}}
	d.collect = d.collectOrPark
	if err := d.open(); err != nil {
		return nil, err
	}
	return d, nil
}

// open makes a new epoll instance the driver's own.
func (d *epoll) open() error {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return fmt.Errorf("driver: create an epoll instance: %w", err)
	}
	// os.NewFile leaves only non-blocking descriptors to Go's poller.
	if err := unix.SetNonblock(fd, true); err != nil {
		unix.Close(fd)
		return fmt.Errorf("driver: make the epoll instance non-blocking: %w", err)
	}
	file := os.NewFile(uintptr(fd), "epoll")
	raw, err := file.SyscallConn()
	if err == nil {
		err = file.SetReadDeadline(time.Time{})
	}
	if err != nil {
		file.Close()
		return fmt.Errorf("driver: park on the epoll instance: %w", err)
	}
	d.fd, d.raw, d.armed = fd, raw, unarmed
	d.file.Store(file)
	return nil
}

func (d *epoll) Name() string { return "epoll" }

func (d *epoll) Wait(timeout time.Duration, external int, ready func(int, Interest)) error {
	if d.fd < 0 {
		return closedError("wait")
	}
	if timeout != 0 {
		if err := d.park(timeout, external); err != nil {
			return err
		}
	} else {
		d.pollWatched()
	}
	return d.deliver(ready)
}

// past is a deadline that has passed.
var past = time.Unix(1, 0)

func (d *epoll) Wake() {
	switch d.state.Swap(woken) {
	case parked:
		d.file.Load().SetReadDeadline(past) // fails only after Close
	case idle:
		d.idler.set()
	}
}

// spinFor is how long a Wait under load polls before it parks, in nanoseconds: about as long as parking and the way back take,
// so in the worst case it doubles what they cost. With ten microseconds and more it finds more, but takes a tenth more of the
// processor's time where a message comes as often.
const spinFor = 8_000

// spin polls for a while, and reports whether there is something, or else what is left of the timeout. It spares the loop what
// is needed to park, and the peer, where it is on the same machine, the price of waking it. A Wake after it has found something
// counts for the next Wait.
func (d *epoll) spin(timeout time.Duration, external int) (left time.Duration, found bool) {
	if d.poll(); d.something() {
		return timeout, true
	}
	if external > 0 {
		return timeout, false // who is waited for may want this processor
	}
	spent, began := time.Duration(0), d.Now()
	for spent < spinFor && (timeout < 0 || spent < timeout) && d.state.Load() != woken {
		for range 8 { // a look at the clock is a fifth of a poll
			if d.poll(); d.something() {
				return timeout, true
			}
		}
		spent = time.Duration(d.Now() - began)
	}
	if timeout > 0 {
		timeout = max(1, timeout-spent)
	}
	return timeout, false
}

// park polls, and parks the goroutine until there are events, the timeout has passed or Wake was called.
func (d *epoll) park(timeout time.Duration, external int) error {
	if d.busy && d.polls.watched > 0 {
		left, found := d.spin(timeout, external)
		if found {
			return nil
		}
		timeout = left
	}
	until := deadline(d.Now(), timeout)
	if d.polls.watched == 0 && until == never {
		// A channel takes less than half the time.
		if d.state.CompareAndSwap(awake, idle) {
			<-d.idler
		}
		d.state.Store(awake)
		return nil
	}
	// The deadline before the state: so it cannot undo that of a Wake which sees the state.
	if err := d.arm(until, timeout); err != nil {
		return err
	}
	if d.state.CompareAndSwap(awake, parked) {
		// With nothing watched there is no event yet. Should the timer have expired by now, Go's own still comes.
		d.blind, d.busy = d.polls.watched == 0, true
		err := d.raw.Read(d.collect)
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			return fmt.Errorf("driver: park on the epoll instance: %w", err)
		}
		if err != nil {
			d.armed = unarmed
			d.pollWatched()
		}
		// A Wake up to here has made this Wait return. Its deadline may still be on the way to the file, and then costs
		// a later Wait a needless return, no more.
		if d.state.Swap(awake) == woken {
			d.armed = unarmed
		}
		return nil
	}
	d.state.Store(awake)
	d.pollWatched()
	return nil
}

// arm has parking end at a deadline. Go's timers alone are up to a millisecond late in an idle process, which waits for
// them in whole milliseconds; the timerfd alone would be noticed late in a busy one, which seldom polls.
func (d *epoll) arm(until int64, timeout time.Duration) error {
	if until != never && !near(d.timer.until, until) {
		if err := d.timer.set(d.fd, until, timeout); err != nil {
			return err
		}
	}
	if near(d.armed, until) {
		return nil
	}
	var at time.Time
	if until != never {
		at = d.epoch.Add(time.Duration(until))
	}
	if err := d.file.Load().SetReadDeadline(at); err != nil {
		return fmt.Errorf("driver: set the deadline of a wait: %w", err)
	}
	d.armed = until
	return nil
}

// near reports whether a deadline that is set, or unarmed, can stand for the wanted one.
func near(set, until int64) bool {
	return set != unarmed && max(set-until, until-set) <= armedSlack
}

// collectOrPark is what Go's poller asks before it parks the goroutine, and again at each event: false parks.
func (d *epoll) collectOrPark(uintptr) bool {
	if d.blind {
		d.blind, d.busy = false, false
		return false
	}
	d.poll()
	if !d.something() {
		d.busy = false
		return false
	}
	return true
}

// something reports whether the last poll brought what a Wait returns for.
func (d *epoll) something() bool {
	return d.collected > 0 || d.rang || d.haunted || d.err != nil
}

func (d *epoll) pollWatched() {
	if d.polls.watched > 0 {
		d.poll()
	}
}

// poll asks the kernel for events, without blocking, and keeps those that are to be delivered.
func (d *epoll) poll() {
	d.collected, d.rang = 0, false
	for {
		n, _, errno := syscall.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(d.fd),
			uintptr(unsafe.Pointer(&d.events[0])), uintptr(len(d.events)), 0, 0, 0)
		switch errno {
		case 0:
			kernelWrote(unsafe.Pointer(&d.events[0]), int(n)*int(unsafe.Sizeof(d.events[0])))
			d.screen(int(n))
			return
		case unix.EINTR:
		default:
			d.err = fmt.Errorf("driver: epoll_pwait: %w", errno)
			return
		}
	}
}

// screen keeps, of the first n events, those of current registrations.
func (d *epoll) screen(n int) {
	for _, event := range d.events[:n] {
		switch {
		case isTimer(&event):
			d.rang = near(d.timer.until, d.armed) // else it was left from an earlier wait
			d.timer.until = unarmed
		case d.polls.current(&event):
			d.events[d.collected] = event
			d.collected++
		default:
			d.haunted = true
		}
	}
}

// deliver reports the collected events.
func (d *epoll) deliver(ready func(int, Interest)) error {
	n, err := d.collected, d.err
	d.collected, d.err = 0, nil
	for i := range d.events[:n] {
		event := &d.events[i]
		if is := d.polls.readiness(event); is != 0 {
			ready(int(event.Fd), is)
		}
	}
	if d.haunted && err == nil {
		err = d.rebuild()
	}
	return err
}

func (d *epoll) Close() error {
	if d.fd < 0 {
		return nil
	}
	d.fd = -1
	d.timer.close()
	if err := d.file.Load().Close(); err != nil {
		return fmt.Errorf("driver: close the epoll instance: %w", err)
	}
	return nil
}
