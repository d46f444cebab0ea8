package driver

import "time"

// portable is the driver for every system that Go runs on. It waits on a channel, and leaves timers and descriptors to
// Go's own.
type portable struct {
	clock
	sleeper
	polls  portablePolls
	closed bool

	registered portableRegistered
}

func openPortable() (Driver, error) {
	d := &portable{clock: newClock(), sleeper: newSleeper()}
	d.polls.init(d.woken)
	return d, nil
}

func (d *portable) Name() string { return "portable" }

func (d *portable) Wake() { d.woken.set() }

func (d *portable) Wait(timeout time.Duration, _ int, ready func(int, Interest)) error {
	if d.closed {
		return closedError("wait")
	}
	ready = d.reporting(ready)
	reported, err := d.polls.report(ready)
	if reported || err != nil || timeout == 0 {
		if timeout != 0 {
			d.woken.take() // answered: this wait returns
		}
		return err
	}
	d.polls.arm()
	d.sleep(timeout)
	_, err = d.polls.report(ready)
	return err
}

func (d *portable) Close() error {
	if d.closed {
		return nil
	}
	d.closed = true
	d.polls.close()
	return nil
}
