package loop

import (
	"fmt"
	"slices"

	"github.com/goaio/aio/internal/driver"
)

// Readiness says what a registered descriptor has become ready for. It is a set
// of bits.
type Readiness uint8

const (
	// Readable: a read would not block.
	Readable = Readiness(driver.Readable)
	// Writable: a write would not block.
	Writable = Readiness(driver.Writable)
	// HungUp: the peer sends no more, or there is an error to be read.
	HungUp = Readiness(driver.HungUp)
)

// A Source owns a descriptor that is registered with a loop. It is for authors
// of connections, as [Waiter] is for those of primitives; others have
// [Loop.AddReader].
type Source interface {
	// Ready hears that the descriptor has become ready. It is called by the
	// loop between two rounds, each change once: it queues callbacks or wakes
	// waiters, and neither blocks nor runs a user's code.
	Ready(is Readiness)
	// Closed reports whether the descriptor was closed and only its registration
	// is left, so that its number may be another file's.
	Closed() bool
}

// Register has s hear of the changes of fd, which is non-blocking, from what it
// is ready for now on. It takes the place of another source of the same number,
// whose descriptor must have been closed. On the loop, or while it does not
// run.
func (l *Loop) Register(fd int, s Source) error {
	l.mustBeHere("Loop.Register")
	if l.closed.Load() {
		return ErrClosed
	}
	w := &l.watches
	if w.descriptors[fd] != nil {
		return fmt.Errorf("aio: descriptor %d has a reader or writer; remove it first", fd)
	}
	if err := l.driver.Register(fd); err != nil {
		return err
	}
	if fd >= len(w.sources) {
		w.sources = slices.Grow(w.sources, fd+1-len(w.sources))[:fd+1]
	}
	if w.sources[fd] == nil {
		w.count++
	}
	w.sources[fd] = s
	return nil
}

// Unregister ends what Register began, and reports whether s was registered for
// fd. The descriptor may be closed already. On the loop, or while it does not
// run.
func (l *Loop) Unregister(fd int, s Source) bool {
	l.mustBeHere("Loop.Unregister")
	if s == nil || l.source(fd) != s {
		return false
	}
	l.watches.sources[fd] = nil
	l.watches.count--
	l.driver.Unregister(fd)
	return true
}

// Rearm is called by a source that has found nothing there and waits to hear of
// it. With drivers that tell of every change it does nothing. Safe from any
// goroutine.
func (l *Loop) Rearm(fd int, s Source, is Readiness) {
	if l.rearmer != nil {
		l.rearm(fd, s, is)
	}
}

func (l *Loop) rearm(fd int, s Source, is Readiness) {
	if !l.onLoop() {
		l.CallSoon(func() { l.rearm(fd, s, is) })
	} else if l.source(fd) == s {
		l.rearmer.Rearm(fd, driver.Interest(is))
	}
}

func (l *Loop) source(fd int) Source {
	if fd < 0 || fd >= len(l.watches.sources) {
		return nil
	}
	return l.watches.sources[fd]
}
