//go:build unix && !aix

// Package clock is the time that limits are measured in: that of a virtual loop for
// what runs on it, the system's for all else. The timers of a real loop end with it,
// and a connection may not.
package clock

import (
	"time"

	"github.com/goaio/aio/loop"
)

// virtual returns the caller's loop if it has a clock of its own.
func virtual() *loop.Loop {
	if l := loop.Current(); l != nil && l.Virtual() {
		return l
	}
	return nil
}

// Now returns the time on the caller's clock.
func Now() time.Time {
	if l := virtual(); l != nil {
		return l.Now()
	}
	return time.Now()
}

// Deadline turns a time of the caller's clock into the one that a net.Conn's
// deadlines are given in, the system's: as far away from now.
func Deadline(t time.Time) time.Time {
	if l := virtual(); l != nil {
		return time.Now().Add(t.Sub(l.Now()))
	}
	return t
}

// Timer calls a function, on the loop of a virtual clock or on a goroutine.
type Timer struct {
	fn     func()
	system *time.Timer
	loop   *loop.Loop
	handle loop.Handle
}

// AfterFunc calls fn when d has passed on the caller's clock.
func AfterFunc(d time.Duration, fn func()) *Timer {
	t := &Timer{fn: fn, loop: virtual()}
	if t.loop == nil {
		t.system = time.AfterFunc(d, fn)
	} else {
		t.handle = t.loop.CallLater(d, fn)
	}
	return t
}

// Reset has the function called once more, after d. The timer has expired or was
// stopped. It is not safe for concurrent use with Stop.
func (t *Timer) Reset(d time.Duration) {
	if t.loop == nil {
		t.system.Reset(d)
	} else {
		t.handle = t.loop.CallLater(d, t.fn)
	}
}

// Stop has the function not called, if it has not begun.
func (t *Timer) Stop() {
	if t.loop == nil {
		t.system.Stop()
	} else {
		t.handle.Cancel()
	}
}
