package driver

import "time"

// portable is the driver for every system that Go runs on. It waits on a channel, and leaves timers and descriptors to
// Go's own. Its timers are as precise as Go's, which on Linux can be a millisecond late in an idle process.
type portable struct {
	clock
	woken  signal
	timer  *time.Timer
	polls  portablePolls
	closed bool

	registered portableRegistered
}

func openPortable() (Driver, error) {
	d := &portable{clock: newClock(), woken: newSignal(), timer: time.NewTimer(0)}
	d.timer.Stop()
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
	if timeout < 0 {
		<-d.woken
	} else {
		d.timer.Reset(timeout)
		select {
		case <-d.woken:
			d.timer.Stop()
		case <-d.timer.C:
		}
	}
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
