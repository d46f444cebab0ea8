package driver

import "fmt"

// portableRegistered are the descriptors that are registered with the portable driver, which can only watch: each is
// watched for what its owner still waits for, and for the peer's hangup. What has been reported is not watched any more,
// so that it is reported once, until Rearm asks for it.
type portableRegistered map[int]Interest

func (d *portable) Register(fd int) error {
	if d.closed {
		return closedError(fmt.Sprintf("register descriptor %d", fd))
	}
	delete(d.registered, fd)
	if err := d.Watch(fd, 0); err != nil {
		return err
	}
	if err := d.watch(fd, Readable|Writable|HungUp); err != nil {
		return err
	}
	if d.registered == nil {
		d.registered = portableRegistered{}
	}
	d.registered[fd] = Readable | Writable | HungUp
	return nil
}

func (d *portable) Unregister(fd int) {
	if _, is := d.registered[fd]; is {
		delete(d.registered, fd)
		_ = d.Watch(fd, 0)
	}
}

// Rearm has the descriptor reported again when it is ready.
func (d *portable) Rearm(fd int, interest Interest) {
	if old, is := d.registered[fd]; is && old|interest != old {
		d.registered[fd] = old | interest
		_ = d.watch(fd, old|interest) // fails only for one that was closed
	}
}

// reporting wraps the callback of a Wait.
func (d *portable) reporting(ready func(int, Interest)) func(int, Interest) {
	return func(fd int, is Interest) {
		old, registered := d.registered[fd]
		if !registered {
			ready(fd, is&^HungUp)
			return
		}
		d.registered[fd] = old &^ is
		_ = d.watch(fd, old&^is)
		ready(fd, is)
	}
}
