//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package driver

import (
	"fmt"

	"golang.org/x/sys/unix"
)

func (d *kqueue) Register(fd int) error {
	if d.fd < 0 {
		return closedError(fmt.Sprintf("register descriptor %d", fd))
	}
	// What the kernel has already keeps the way it was added in, so it is taken back first.
	if old := d.polls.entry(fd); old.interest != 0 {
		d.forget(fd, old.interest)
	}
	if err := refuseRegular(fd); err != nil {
		return watchError(fd, err)
	}
	broken, err := d.add(fd, Readable|Writable, 0, unix.EV_CLEAR)
	if err != nil {
		return watchError(fd, err)
	}
	d.settle(fd, pollEntry{interest: Readable | Writable, edge: true}, broken)
	return nil
}

func (d *kqueue) Unregister(fd int) {
	if old := d.polls.entry(fd); old.edge {
		d.forget(fd, old.interest)
	}
}
