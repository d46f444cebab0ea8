//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package driver

import (
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sys/unix"
)

// filters are kqueue's names for what a descriptor is watched for. Each is a registration of its own. It belongs to the
// descriptor and goes with its close, also where copies keep the file open.
var filters = [...]struct {
	interest Interest
	filter   int
}{{Readable, unix.EVFILT_READ}, {Writable, unix.EVFILT_WRITE}}

type pollEntry struct {
	interest Interest // 0 when not watched
	ready    Interest // what the last poll found and is to be delivered
	edge     bool     // registered, not watched
}

func (d *kqueue) Watch(fd int, interest Interest) error {
	if d.fd < 0 {
		return closedError(fmt.Sprintf("watch descriptor %d", fd))
	}
	if err := checkInterest(fd, interest); err != nil {
		return err
	}
	old := d.polls.entry(fd)
	if interest == 0 {
		if old.interest != 0 {
			d.forget(fd, old.interest)
		}
		return nil
	}
	if err := refuseRegular(fd); err != nil {
		if old.interest != 0 {
			d.forget(fd, old.interest) // what was watched is closed
		}
		return watchError(fd, err)
	}
	if old.edge {
		d.remove(fd, old.interest)
		old = pollEntry{}
	}
	// Also what the kernel has already: the number may have been closed since, and be another file now.
	broken, err := d.add(fd, interest, old.interest, 0)
	if err != nil {
		return watchError(fd, err)
	}
	d.remove(fd, old.interest&^interest)
	d.settle(fd, pollEntry{interest: interest}, broken)
	return nil
}

// add registers a descriptor for what interest asks, or returns an error and leaves it registered for what it was. It
// says whether it is broken: the other end of a pipe is gone, so that a write fails at once, and the system refuses to
// tell of that by events.
func (d *kqueue) add(fd int, interest, old Interest, flags int) (broken bool, err error) {
	var added Interest
	for _, f := range filters {
		if interest&f.interest == 0 {
			continue
		}
		err := d.change(fd, f.filter, unix.EV_ADD|flags)
		switch {
		case err == nil:
			added |= f.interest
		case f.interest == Writable && errors.Is(err, unix.EPIPE):
			broken = true
		default:
			d.remove(fd, added&^old)
			return false, unsupported(err)
		}
	}
	return broken, nil
}

// unsupported gives the answers of the systems to a file that has no such filter epoll's form.
func unsupported(err error) error {
	switch {
	case errors.Is(err, unix.EINVAL), errors.Is(err, unix.ENODEV), errors.Is(err, unix.EOPNOTSUPP), errors.Is(err, unix.ENXIO):
		return fmt.Errorf("%w (%w)", unix.EPERM, err)
	}
	return err
}

// remove takes registrations back. Those of a descriptor that was closed are gone already, which is no error.
func (d *kqueue) remove(fd int, interest Interest) {
	for _, f := range filters {
		if interest&f.interest != 0 {
			_ = d.change(fd, f.filter, unix.EV_DELETE)
		}
	}
}

func (d *kqueue) forget(fd int, interest Interest) {
	d.remove(fd, interest)
	d.settle(fd, pollEntry{}, false)
}

// settle makes an entry the descriptor's own. What the last poll found of it and was not delivered is dropped: if it
// still holds the next poll finds it again.
func (d *kqueue) settle(fd int, entry pollEntry, broken bool) {
	d.polls.set(fd, entry)
	if len(d.broken) > 0 {
		d.broken = slices.DeleteFunc(d.broken, func(other int) bool { return other == fd })
	}
	if broken {
		d.broken = append(d.broken, fd)
	}
}

// reportBroken reports the broken descriptors, those that are registered once, and forgets those that were closed.
func (d *kqueue) reportBroken() {
	if len(d.broken) == 0 {
		return
	}
	d.broken = slices.DeleteFunc(d.broken, func(fd int) bool {
		entry := d.polls.entry(fd)
		if _, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err != nil {
			d.remove(fd, entry.interest)
			d.polls.set(fd, pollEntry{})
			return true
		}
		d.report(fd, Writable)
		return entry.edge
	})
}

// change makes one change at a time: so its error is the call's own.
func (d *kqueue) change(fd, filter, flags int) error {
	unix.SetKevent(&d.changes[0], fd, filter, flags)
	for {
		_, err := unix.Kevent(d.fd, d.changes[:], nil, nil)
		if !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}
