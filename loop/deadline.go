package loop

import (
	"context"
	"sync"
	"time"
)

// Deadline is a context that is cancelled at a time on a loop's clock, which
// can be moved until it has passed. Its methods are safe from any goroutine.
//
// Contexts that package context derives from it are cancelled with it; their
// Err is context.Canceled then, and their Cause context.DeadlineExceeded.
type Deadline struct {
	context.Context
	loop   *Loop
	cancel context.CancelCauseFunc

	mu       sync.Mutex
	when     time.Time
	timer    Handle
	setting  uint64 // a timer of an earlier setting does nothing
	expired  bool
	over     bool
	watchers map[*func()]struct{}
}

// NewDeadline derives a context from ctx that is cancelled when l's clock has
// reached that time, at the earliest in the next round.
func NewDeadline(ctx context.Context, l *Loop, when time.Time) (*Deadline, context.CancelFunc) {
	d := &Deadline{loop: l}
	d.Context, d.cancel = context.WithCancelCause(ctx)
	d.Reschedule(when)
	return d, d.stop
}

// Reschedule moves the deadline; the zero time removes it. It reports false,
// and does nothing, when the context is cancelled already.
func (d *Deadline) Reschedule(when time.Time) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.over || d.Context.Err() != nil {
		return false
	}
	d.timer.Cancel()
	d.timer = Handle{}
	d.when = when
	d.setting++
	if !when.IsZero() {
		setting := d.setting
		d.timer = d.loop.CallAt(when, func() { d.expire(setting) })
	}
	return true
}

func (d *Deadline) expire(setting uint64) {
	d.mu.Lock()
	if d.over || d.setting != setting || d.Context.Err() != nil {
		d.mu.Unlock()
		return
	}
	d.expired, d.over = true, true
	watchers := d.watchers
	d.watchers = nil
	d.mu.Unlock()
	d.cancel(context.DeadlineExceeded)
	for fn := range watchers {
		(*fn)()
	}
}

func (d *Deadline) stop() {
	d.mu.Lock()
	d.timer.Cancel()
	d.timer = Handle{}
	d.over = true
	d.mu.Unlock()
	d.cancel(nil)
}

// Deadline returns the time of the cancel, or an earlier one of the context
// that this one was derived from.
func (d *Deadline) Deadline() (time.Time, bool) {
	outer, ok := d.Context.Deadline()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.when.IsZero() || ok && outer.Before(d.when) {
		return outer, ok
	}
	return d.when, true
}

// Expired reports whether the deadline has passed before a cancel came.
func (d *Deadline) Expired() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.expired
}

// Err returns context.DeadlineExceeded once the deadline has passed.
func (d *Deadline) Err() error {
	err := d.Context.Err()
	if err != nil && d.Expired() {
		return context.DeadlineExceeded
	}
	return err
}

// notify calls fn within the callback that makes the deadline pass. Package
// context would call it on a goroutine, which virtual time does not wait for.
func (d *Deadline) notify(fn func()) (stop func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.watchers == nil {
		d.watchers = map[*func()]struct{}{}
	}
	key := &fn
	d.watchers[key] = struct{}{}
	return func() {
		d.mu.Lock()
		delete(d.watchers, key)
		d.mu.Unlock()
	}
}
