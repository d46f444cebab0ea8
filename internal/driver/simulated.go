package driver

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

// Simulated is the driver of tests: its clock moves only when there is nothing to do but wait for it, and then at once.
// It watches no descriptors.
type Simulated struct {
	now    atomic.Int64
	woken  signal
	closed bool
}

// simulatedEpoch is an arbitrary date, the same in every run so that what a test prints is too.
var simulatedEpoch = time.Date(2000, time.January, 1, 0, 0, 0, 0, time.UTC)

// NewSimulated returns a simulated driver whose clock stands at 0.
func NewSimulated() *Simulated { return &Simulated{woken: newSignal()} }

// Name returns "simulated".
func (d *Simulated) Name() string { return "simulated" }

// Now returns the virtual time in nanoseconds. Safe from any goroutine.
func (d *Simulated) Now() int64 { return d.now.Load() }

// Epoch returns the start of the year 2000, UTC.
func (d *Simulated) Epoch() time.Time { return simulatedEpoch }

// Advance moves the clock forward, and wakes the loop so that it sees what has become due. It panics if by is negative.
// Safe from any goroutine.
func (d *Simulated) Advance(by time.Duration) {
	if by < 0 {
		panic(fmt.Sprintf("driver: advance the simulated clock by %v: it does not go back", by))
	}
	d.advance(by)
	d.Wake()
}

func (d *Simulated) advance(by time.Duration) {
	for {
		now := d.now.Load()
		if d.now.CompareAndSwap(now, deadline(now, by)) {
			return
		}
	}
}

var errSimulatedWatch = errors.New("the simulated driver has no descriptors, for the system would decide when they are ready; " +
	"use the simulated network, or a real driver")

// Watch refuses every descriptor. To forget one is no error.
func (d *Simulated) Watch(fd int, interest Interest) error {
	if d.closed {
		return closedError(fmt.Sprintf("watch descriptor %d", fd))
	}
	if err := checkInterest(fd, interest); err != nil || interest == 0 {
		return err
	}
	return fmt.Errorf("driver: watch descriptor %d: %w", fd, errSimulatedWatch)
}

// Register refuses every descriptor, as Watch does.
func (d *Simulated) Register(fd int) error { return d.Watch(fd, Readable|Writable) }

// Unregister does nothing, for nothing is registered.
func (d *Simulated) Unregister(int) {}

// Wait with a timeout advances the clock by exactly that and returns at once, unless a Wake came before. While
// external jobs are out, and without a timeout, it blocks for real until a Wake, and the clock stands still.
func (d *Simulated) Wait(timeout time.Duration, external int, _ func(int, Interest)) error {
	switch {
	case d.closed:
		return closedError("wait")
	case timeout == 0 || d.woken.take():
	case timeout < 0 || external > 0:
		<-d.woken
	default:
		d.advance(timeout)
	}
	return nil
}

// Wake makes the current or else the next blocking Wait return, without the clock moving. Safe from any goroutine.
func (d *Simulated) Wake() { d.woken.set() }

// Close makes every later Wait and Watch fail.
func (d *Simulated) Close() error {
	d.closed = true
	return nil
}
