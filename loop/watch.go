package loop

import (
	"fmt"

	"github.com/goaio/aio/internal/driver"
)

// watches are the callbacks of descriptors, and the registered ones.
type watches struct {
	descriptors map[int]*watched
	sources     []Source // by descriptor
	count       int
}

// watched is one descriptor with its two callbacks. A callback that was queued
// and then replaced or removed must not run: the entry looks at the watch.
type watched struct {
	reader, writer *watch
}

type watch struct {
	fn     func()
	queued bool
	gone   bool
}

// AddReader has fn called in each round in which fd is readable, until
// [Loop.RemoveReader]: a level-triggered watch, as in asyncio. It replaces the
// reader that fd had. The descriptor may be anything that can be polled; a
// regular file is refused. Remove the watch before you close the descriptor.
func (l *Loop) AddReader(fd int, fn func()) error { return l.add(fd, driver.Readable, fn) }

// AddWriter is AddReader for when fd is writable.
func (l *Loop) AddWriter(fd int, fn func()) error { return l.add(fd, driver.Writable, fn) }

// RemoveReader ends the watch, a call that is due included, and reports
// whether there was one.
func (l *Loop) RemoveReader(fd int) bool { return l.removeWatch(fd, driver.Readable) }

// RemoveWriter is RemoveReader for writers.
func (l *Loop) RemoveWriter(fd int) bool { return l.removeWatch(fd, driver.Writable) }

func (d *watched) side(side driver.Interest) **watch {
	if side == driver.Readable {
		return &d.reader
	}
	return &d.writer
}

func (d *watched) interest() (interest driver.Interest) {
	if d.reader != nil {
		interest |= driver.Readable
	}
	if d.writer != nil {
		interest |= driver.Writable
	}
	return interest
}

func (l *Loop) add(fd int, side driver.Interest, fn func()) error {
	l.mustBeHere("Loop.AddReader or AddWriter")
	if l.closed.Load() {
		return ErrClosed
	}
	if s := l.source(fd); s != nil && s.Closed() {
		l.Unregister(fd, s)
	} else if s != nil {
		return fmt.Errorf("aio: descriptor %d belongs to a connection; use that", fd)
	}
	d := l.watches.descriptors[fd]
	if d == nil {
		d = &watched{}
	}
	if err := l.driver.Watch(fd, d.interest()|side); err != nil {
		return err
	}
	if l.watches.descriptors == nil {
		l.watches.descriptors = map[int]*watched{}
	}
	l.watches.descriptors[fd] = d
	place := d.side(side)
	if old := *place; old != nil {
		old.gone = true
	} else {
		l.watches.count++
	}
	*place = &watch{fn: fn}
	return nil
}

func (l *Loop) removeWatch(fd int, side driver.Interest) bool {
	l.mustBeHere("Loop.RemoveReader or RemoveWriter")
	d := l.watches.descriptors[fd]
	if d == nil {
		return false
	}
	place := d.side(side)
	if *place == nil {
		return false
	}
	(*place).gone = true
	*place = nil
	l.watches.count--
	interest := d.interest()
	if interest == 0 {
		delete(l.watches.descriptors, fd)
	}
	// A descriptor that was closed meanwhile cannot be forgotten any more than
	// it is already.
	_ = l.driver.Watch(fd, interest)
	return true
}

// dispatch queues the callbacks of a ready descriptor.
func (l *Loop) dispatch(fd int, interest driver.Interest) {
	l.round.heard++
	if s := l.source(fd); s != nil {
		s.Ready(Readiness(interest))
		return
	}
	d := l.watches.descriptors[fd]
	if d == nil {
		_ = l.driver.Watch(fd, 0)
		return
	}
	for _, side := range [...]driver.Interest{driver.Readable, driver.Writable} {
		if w := *d.side(side); w != nil && interest&side != 0 && !w.queued {
			w.queued = true
			l.ready.push(callback(w.call))
		}
	}
}

func (w *watch) call() {
	w.queued = false
	if !w.gone {
		w.fn()
	}
}
