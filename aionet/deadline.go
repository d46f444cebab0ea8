//go:build unix && !aix

package aionet

import (
	"time"

	"github.com/goaio/aio/loop"
)

// deadline is the deadline of one direction. Its timer is left alone when the
// deadline moves further away, as it does with every message, and set anew when
// it fires too early.
type deadline struct {
	at    time.Time  // zero for none
	armed time.Time  // when the timer fires; zero without one
	on    *loop.Loop // whose timer it is
}

// deadline returns that of a direction, nil if there never was one.
func (r *rare) deadline(index int) *deadline {
	if r == nil {
		return nil
	}
	return &r.deadlines[index]
}

func (a *deadline) passed(now time.Time) bool { return !a.at.IsZero() && !now.Before(a.at) }

// setDeadline sets the deadline of a direction, also of who waits already.
func (d *descriptor) setDeadline(turn uint32, at time.Time) {
	half, index := d.half(turn)
	d.mu.Lock()
	defer d.mu.Unlock()
	if at.IsZero() && d.rare.Load() == nil {
		return
	}
	a := &d.more().deadlines[index]
	a.at = at
	if half.waiter == nil || at.IsZero() {
		return
	}
	var l *loop.Loop
	if t := half.waiter.Task(); t != nil && t.Loop() == d.home.Load() {
		l = t.Loop()
	} else {
		l = background.loop // which stays while the descriptor is registered there
	}
	if !a.await(l, d, turn) {
		half.waiter.Wake()
	}
}

// expired reports whether the deadline of a direction has passed.
func (d *descriptor) expired(turn uint32) bool {
	r := d.rare.Load()
	return r != nil && d.expiredOf(r, turn)
}

func (d *descriptor) expiredOf(r *rare, turn uint32) bool {
	_, index := d.half(turn)
	d.mu.Lock()
	defer d.mu.Unlock()
	a := &r.deadlines[index]
	return !a.at.IsZero() && a.passed(time.Now())
}

// await makes sure that a timer of l ends the wait that begins, and reports
// false if the deadline has passed. It is called with the descriptor's lock
// held.
func (a *deadline) await(l *loop.Loop, d *descriptor, turn uint32) bool {
	if a == nil || a.at.IsZero() {
		return true
	}
	if a.passed(time.Now()) {
		return false
	}
	if a.armed.IsZero() || a.at.Before(a.armed) || a.on != l {
		a.armed, a.on = a.at, l
		at := a.at
		l.CallAt(at, func() { d.deadlineFired(l, turn, at) })
	}
	return true
}

func (d *descriptor) deadlineFired(l *loop.Loop, turn uint32, at time.Time) {
	half, index := d.half(turn)
	d.mu.Lock()
	defer d.mu.Unlock()
	a := &d.rare.Load().deadlines[index]
	if !a.armed.Equal(at) || a.on != l { // there is another one since
		return
	}
	a.armed = time.Time{}
	if half.waiter != nil && !a.await(l, d, turn) {
		half.waiter.Wake()
	}
}
