//go:build linux || darwin || dragonfly || freebsd || netbsd || openbsd

package driver

import "slices"

// pollTable is what a driver knows of the descriptors that are watched.
type pollTable struct {
	fds        []pollEntry // by descriptor, which the system numbers from 0
	watched    int
	generation int32 // the last one that epoll gave; 0 is the timer's
}

func (t *pollTable) entry(fd int) pollEntry {
	if fd < 0 || fd >= len(t.fds) {
		return pollEntry{}
	}
	return t.fds[fd]
}

func (t *pollTable) set(fd int, entry pollEntry) {
	if fd >= len(t.fds) {
		t.fds = slices.Grow(t.fds, fd+1-len(t.fds))[:fd+1]
	}
	switch old := t.fds[fd].interest; {
	case old == 0 && entry.interest != 0:
		t.watched++
	case old != 0 && entry.interest == 0:
		t.watched--
	}
	t.fds[fd] = entry
}
