package aio

import (
	"context"
	"sync"

	"github.com/goaio/aio/loop"
)

// Mutex is a lock for tasks and goroutines, on any loops: who waits for it
// suspends. It is fair: it goes to those who wait in the order in which they
// came. It has no owner: any task may unlock it. Its zero value is unlocked; do
// not copy it. Its methods are safe from any goroutine. It is asyncio's Lock.
type Mutex struct {
	mu      sync.Mutex
	locked  bool
	waiters loop.WaitList
}

// Lock locks m, waiting for it if need be. A free mutex is locked whatever ctx
// says. A cancel while waiting returns a [*CancelledError]; m is not locked
// then.
func (m *Mutex) Lock(ctx context.Context) error {
	m.mu.Lock()
	if m.free() {
		m.locked = true
		m.mu.Unlock()
		return nil
	}
	return m.wait(ctx, false)
}

// lockShielded is Lock for somebody who must have the lock: contexts that are
// cancelled already do not count, a new cancel does.
func (m *Mutex) lockShielded(ctx context.Context) error {
	m.mu.Lock()
	if m.free() {
		m.locked = true
		m.mu.Unlock()
		return nil
	}
	return m.wait(ctx, true)
}

// free reports whether nobody has the lock nor is about to get it.
func (m *Mutex) free() bool { return !m.locked && !waiting(&m.waiters) }

// waiting reports whether a waiter has not been cancelled.
func waiting(l *loop.WaitList) bool {
	for w := l.First(); w != nil; w = w.Next() {
		if !w.Cancelled() {
			return true
		}
	}
	return false
}

// wait is called with m.mu held, and unlocks it.
func (m *Mutex) wait(ctx context.Context, shielded bool) error {
	w, err := loop.NewWaiter(ctx)
	if err != nil {
		m.mu.Unlock()
		return err
	}
	m.waiters.PushBack(w)
	m.mu.Unlock()
	if shielded {
		err = w.WaitShielded()
	} else {
		err = w.Wait(ctx)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.waiters.Remove(w)
	if err != nil {
		// The wake-up that came too late for this one goes to the next.
		if !m.locked {
			m.wakeFirst()
		}
		return err
	}
	m.locked = true
	return nil
}

// TryLock locks m if it is free, and reports whether it did.
func (m *Mutex) TryLock() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.free() {
		return false
	}
	m.locked = true
	return true
}

// Unlock unlocks m and wakes who has waited longest. It panics if m is not
// locked.
func (m *Mutex) Unlock() {
	m.mu.Lock()
	if !m.locked {
		m.mu.Unlock()
		panic("aio: Unlock of a Mutex that is not locked")
	}
	m.locked = false
	if m.waiters.First() != nil {
		m.wakeFirst()
	}
	m.mu.Unlock()
}

func (m *Mutex) wakeFirst() {
	if w := m.waiters.First(); w != nil {
		w.Wake()
	}
}

// Locked reports whether m is locked.
func (m *Mutex) Locked() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.locked
}
