//go:build unix && !aix

package driver

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// portablePolls is what the portable driver watches. What is ready is asked of poll(2), for all of it at once, which
// makes it level-triggered and the order that of watching. Goroutines only end a wait: one for each direction of each
// descriptor, parked on Go's poller, from when the loop begins to wait until there is news.
type portablePolls struct {
	woken signal
	fds   []unix.PollFd   // in the order they were watched
	polls []*portablePoll // the same, in the same order
	of    map[int]*portablePoll
}

// portablePoll is a watched descriptor: a copy of it that Go's poller holds. With a copy the goroutines never meet
// another file under a reused number; the price is that a socket closed while it is watched stays open until the next
// Wait.
type portablePoll struct {
	interest Interest
	file     *os.File
	raw      syscall.RawConn
	waiting  [2]atomic.Bool // a goroutine waits for it to be readable, writable
	news     atomic.Bool    // a goroutine ended the wait
	running  sync.WaitGroup
}

func (p *portablePolls) init(woken signal) {
	p.woken, p.of = woken, make(map[int]*portablePoll)
}

func (d *portable) Watch(fd int, interest Interest) error {
	if d.closed {
		return closedError(fmt.Sprintf("watch descriptor %d", fd))
	}
	if err := checkInterest(fd, interest); err != nil {
		return err
	}
	return d.watch(fd, interest)
}

// watch is Watch that takes HungUp too.
func (d *portable) watch(fd int, interest Interest) error {
	if interest == 0 {
		d.polls.forget(fd)
		return nil
	}
	return d.polls.watch(fd, interest)
}

// watch begins anew even for a descriptor that is watched already: the number may be another file by now.
func (p *portablePolls) watch(fd int, interest Interest) error {
	poll, err := newPortablePoll(fd, interest)
	if err != nil {
		p.forget(fd)
		return watchError(fd, err)
	}
	if i := slices.Index(p.polls, p.of[fd]); i >= 0 {
		p.of[fd].close()
		p.fds[i], p.polls[i] = pollFor(fd, interest), poll
	} else {
		p.fds, p.polls = append(p.fds, pollFor(fd, interest)), append(p.polls, poll)
	}
	p.of[fd] = poll
	return nil
}

func (p *portablePolls) forget(fd int) {
	if i := slices.Index(p.polls, p.of[fd]); i >= 0 {
		// New slices: report may be iterating over the present ones.
		p.fds = slices.Concat(p.fds[:i], p.fds[i+1:])
		p.polls = slices.Concat(p.polls[:i], p.polls[i+1:])
		p.of[fd].close()
		delete(p.of, fd)
	}
}

func newPortablePoll(fd int, interest Interest) (*portablePoll, error) {
	if err := refuseRegular(fd); err != nil {
		return nil, err
	}
	dup, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	file, err := pollableFile(dup)
	if err != nil {
		return nil, err
	}
	raw, err := file.SyscallConn()
	if err != nil {
		file.Close()
		return nil, err
	}
	return &portablePoll{interest: interest, file: file, raw: raw}, nil
}

// pollableFile gives a descriptor to Go's poller, which takes non-blocking ones only. O_NONBLOCK belongs to the open
// file and thus to every copy of the descriptor, in other processes too. As nothing is ever read or written here, the
// flag is needed only for the moment of the handing over, and then put back.
func pollableFile(fd int) (*os.File, error) {
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	blocking := flags&unix.O_NONBLOCK == 0
	if err == nil && blocking {
		err = unix.SetNonblock(fd, true)
	}
	if err != nil {
		unix.Close(fd)
		return nil, err
	}
	file := os.NewFile(uintptr(fd), "watched")
	if blocking {
		err = unix.SetNonblock(fd, false)
	}
	if err == nil && file.SetReadDeadline(time.Time{}) != nil {
		err = unix.EPERM // as epoll says it
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

func pollFor(fd int, interest Interest) unix.PollFd {
	entry := unix.PollFd{Fd: int32(fd)}
	if interest&Readable != 0 {
		entry.Events |= unix.POLLIN
	}
	if interest&(Readable|HungUp) != 0 {
		entry.Events |= pollPeerHangup
	}
	if interest&Writable != 0 {
		entry.Events |= unix.POLLOUT
	}
	return entry
}

func pollReadiness(entry unix.PollFd) (is Interest) {
	if entry.Revents&(unix.POLLIN|unix.POLLERR|unix.POLLHUP) != 0 {
		is |= Readable
	}
	if entry.Revents&(unix.POLLOUT|unix.POLLERR|unix.POLLHUP) != 0 {
		is |= Writable
	}
	if entry.Revents&(pollPeerHangup|unix.POLLERR|unix.POLLHUP) != 0 {
		is |= Readable | HungUp
	}
	return is
}

// pollNow fills in what each descriptor is ready for, and returns how many are ready.
func pollNow(fds []unix.PollFd) (int, error) {
	for {
		n, err := unix.Poll(fds, 0)
		if errors.Is(err, unix.EINTR) || errors.Is(err, unix.EAGAIN) {
			continue
		}
		if err != nil {
			return 0, fmt.Errorf("driver: poll: %w", err)
		}
		kernelWrote(unsafe.Pointer(&fds[0]), len(fds)*int(unsafe.Sizeof(fds[0])))
		return n, nil
	}
}

// report calls ready for each descriptor that is ready now, and says whether there was any. It forgets those that were
// closed.
func (p *portablePolls) report(ready func(int, Interest)) (reported bool, err error) {
	fds, polls := p.fds, p.polls
	if len(fds) == 0 {
		return false, nil
	}
	if n, err := pollNow(fds); n == 0 || err != nil {
		return false, err
	}
	for i := range fds {
		fd, poll := int(fds[i].Fd), polls[i]
		switch is := pollReadiness(fds[i]) & (poll.interest | HungUp); {
		case p.of[fd] != poll: // forgotten, and perhaps watched anew, by a callback of this round
		case fds[i].Revents&unix.POLLNVAL != 0:
			p.forget(fd)
		case is&poll.interest != 0:
			reported = true
			poll.news.Store(false)
			ready(fd, is)
		}
	}
	return reported, nil
}

// arm sends goroutines to wait for what was not ready just now.
func (p *portablePolls) arm() {
	for i := 0; i < len(p.fds); {
		fd := int(p.fds[i].Fd)
		poll := p.of[fd]
		if poll.news.Swap(false) {
			// The copy had news and the descriptor has not: a reader was faster, or the number is another file now, and
			// then the copy's news would never end.
			if p.watch(fd, poll.interest) != nil {
				continue
			}
			poll = p.of[fd]
		}
		poll.arm(0, poll.interest&(Readable|HungUp), poll.raw.Read, p.woken)
		poll.arm(1, poll.interest&Writable, poll.raw.Write, p.woken)
		i++
	}
}

func (p *portablePoll) arm(direction int, interest Interest, wait func(func(uintptr) bool) error, woken signal) {
	if interest == 0 || p.waiting[direction].Swap(true) {
		return
	}
	p.running.Add(1)
	go func() {
		defer p.running.Done()
		err := wait(func(fd uintptr) bool {
			// What is ready already gives no event, so ask before each parking.
			n, err := pollNow([]unix.PollFd{pollFor(int(fd), interest)})
			return n > 0 || err != nil
		})
		p.waiting[direction].Store(false)
		if err == nil {
			p.news.Store(true)
			woken.set()
		}
	}()
}

// close ends the descriptor's goroutines, and waits until they have ended.
func (p *portablePoll) close() {
	p.file.Close()
	p.running.Wait()
}

func (p *portablePolls) close() {
	for _, poll := range p.of {
		poll.close()
	}
	p.fds, p.polls, p.of = nil, nil, nil
}
