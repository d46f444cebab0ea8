package driver

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

func (d *epoll) Register(fd int) error {
	if d.fd < 0 {
		return closedError(fmt.Sprintf("register descriptor %d", fd))
	}
	entry := pollEntry{interest: Readable | Writable, edge: true, generation: d.polls.next()}
	err := d.register(unix.EPOLL_CTL_ADD, fd, entry)
	if errors.Is(err, unix.EEXIST) {
		// The number stands for a file whose registration outlived an earlier close.
		err = d.register(unix.EPOLL_CTL_MOD, fd, entry)
	}
	if err != nil {
		return watchError(fd, err)
	}
	d.polls.set(fd, entry)
	return nil
}

func (d *epoll) Unregister(fd int) {
	if d.polls.entry(fd).edge {
		_ = d.Watch(fd, 0)
	}
}
