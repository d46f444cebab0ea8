package driver

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// The kernel's registration belongs to the open file, not to the number. When a number is closed while a copy of it
// (dup, fork) keeps the file open, the registration stays, keeps reporting, and can no longer be named to be removed.
// So each registration carries a generation in its event, next to the number: an event of another generation than the
// number's present one is a ghost's. A level-triggered ghost would end every wait at once, so when one shows the epoll
// instance is replaced by a new one with what is still watched.

type pollEntry struct {
	interest   Interest // 0 when not watched
	edge       bool     // registered, not watched
	generation int32
}

func (t *pollTable) next() int32 {
	t.generation++
	if t.generation == 0 {
		t.generation++
	}
	return t.generation
}

// current reports whether an event is of a registration that is known.
func (t *pollTable) current(event *unix.EpollEvent) bool {
	e := t.entry(int(event.Fd))
	return e.interest != 0 && e.generation == event.Pad
}

// readiness returns what of the descriptor's interest an event fulfils: nothing, if a callback for an earlier event of
// the same poll has forgotten the descriptor or watched it anew.
func (t *pollTable) readiness(event *unix.EpollEvent) Interest {
	if !t.current(event) {
		return 0
	}
	var is Interest
	if event.Events&(unix.EPOLLIN|unix.EPOLLERR|unix.EPOLLHUP) != 0 {
		is |= Readable
	}
	if event.Events&(unix.EPOLLOUT|unix.EPOLLERR|unix.EPOLLHUP) != 0 {
		is |= Writable
	}
	entry := t.entry(int(event.Fd))
	is &= entry.interest
	if entry.edge && event.Events&(unix.EPOLLRDHUP|unix.EPOLLERR|unix.EPOLLHUP) != 0 {
		is |= Readable | HungUp
	}
	return is
}

func (d *epoll) Watch(fd int, interest Interest) error {
	if d.fd < 0 {
		return closedError(fmt.Sprintf("watch descriptor %d", fd))
	}
	if err := checkInterest(fd, interest); err != nil {
		return err
	}
	old := d.polls.entry(fd)
	if interest == 0 {
		if old.interest != 0 {
			d.polls.set(fd, pollEntry{})
			// An error says that the descriptor is closed, or is another file now: it is forgotten all the same.
			_ = unix.EpollCtl(d.fd, unix.EPOLL_CTL_DEL, fd, nil)
		}
		return nil
	}
	entry := pollEntry{interest: interest, generation: old.generation}
	op := unix.EPOLL_CTL_MOD
	if old.interest == 0 {
		entry.generation = d.polls.next()
		op = unix.EPOLL_CTL_ADD
	}
	err := d.register(op, fd, entry)
	switch {
	case op == unix.EPOLL_CTL_MOD && errors.Is(err, unix.ENOENT):
		// The number was closed while it was watched, and is another file now.
		entry.generation = d.polls.next()
		err = d.register(unix.EPOLL_CTL_ADD, fd, entry)
	case op == unix.EPOLL_CTL_ADD && errors.Is(err, unix.EEXIST):
		// The number stands again for a file whose registration outlived an earlier close.
		err = d.register(unix.EPOLL_CTL_MOD, fd, entry)
	}
	if err != nil {
		if old.interest != 0 && (errors.Is(err, unix.EBADF) || errors.Is(err, unix.EPERM)) {
			d.polls.set(fd, pollEntry{}) // what was watched is closed
		}
		return watchError(fd, err)
	}
	d.polls.set(fd, entry)
	return nil
}

func (d *epoll) register(op, fd int, entry pollEntry) error {
	event := unix.EpollEvent{Fd: int32(fd), Pad: entry.generation}
	if entry.interest&Readable != 0 {
		event.Events |= unix.EPOLLIN
	}
	if entry.interest&Writable != 0 {
		event.Events |= unix.EPOLLOUT
	}
	if entry.edge {
		event.Events |= unix.EPOLLET | unix.EPOLLRDHUP
	}
	return unix.EpollCtl(d.fd, op, fd, &event)
}

// rebuild moves what is watched to a new epoll instance, and thereby leaves the ghosts behind. While the process is out
// of descriptors it leaves that to the next Wait: until then waits do not block, but the loop lives.
func (d *epoll) rebuild() error {
	old := d.file.Load()
	if err := d.open(); errors.Is(err, unix.EMFILE) || errors.Is(err, unix.ENFILE) {
		return nil
	} else if err != nil {
		return err
	}
	d.haunted = false
	d.timer.in, d.timer.until = -1, unarmed
	old.Close()
	for fd, entry := range d.polls.fds {
		if entry.interest != 0 && d.register(unix.EPOLL_CTL_ADD, fd, entry) != nil {
			d.polls.set(fd, pollEntry{}) // closed while it was watched
		}
	}
	return nil
}
