package loop

import (
	"sync"
	"sync/atomic"
)

// foreign is what other goroutines have queued. The loop takes all of it at
// once, and before it queues anything of its own, so that the two together are
// in the order in which they were queued.
type foreign struct {
	waiting atomic.Bool // something is in entries
	asleep  atomic.Bool // the loop sleeps, or is about to
	mu      sync.Mutex
	entries []entry
	spare   []entry
	closed  bool
	// expected is for how many more sleeps a call is expected, as the loop's own
	// business: calls come in series.
	expected int
}

// foreignSeries is for how many sleeps of the loop a call lets another one be
// expected.
const foreignSeries = 64

// pushForeign queues e from another goroutine and wakes the loop if it sleeps.
// It reports false if the loop is closed.
func (l *Loop) pushForeign(e entry) bool {
	f := &l.foreign
	f.mu.Lock()
	if f.closed {
		f.mu.Unlock()
		return false
	}
	f.entries = append(f.entries, e)
	if len(f.entries) == 1 {
		f.waiting.Store(true)
	}
	f.mu.Unlock()
	if f.asleep.Load() && f.asleep.CompareAndSwap(true, false) {
		l.driver.Wake()
	}
	return true
}

// starting returns the tasks that other goroutines have started and the loop
// has not taken yet.
func (f *foreign) starting() (tasks []*Task) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range f.entries {
		if t, ok := e.(*Task); ok && t.ID() == 0 {
			tasks = append(tasks, t)
		}
	}
	return tasks
}

// takeForeign moves what other goroutines queued to the ready queue.
func (l *Loop) takeForeign() {
	f := &l.foreign
	f.mu.Lock()
	entries := f.entries
	f.entries = f.spare[:0]
	f.waiting.Store(false)
	f.mu.Unlock()
	f.expected = foreignSeries
	for i := range entries {
		if t, ok := entries[i].(*Task); ok && t.registered == 0 {
			l.link(t)
		}
		l.ready.push(entries[i])
		entries[i] = nil
	}
	if cap(entries) > 4096 {
		entries = nil
	}
	f.spare = entries[:0]
}
