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
//
// Lock takes a context, so a Mutex is no sync.Locker.
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

// lockShielded is Lock for somebody who must have the lock: what is cancelled
// already does not count, only a new request to cancel the task.
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
	w, err := loop.NewWaiterFor(ctx, awaitedLock, m)
	if err != nil {
		m.mu.Unlock()
		return err
	}
	m.waiters.PushBack(w)
	m.mu.Unlock()
	mine := false
	// Deferred, for a task whose loop is closed is unwound from its await.
	defer func() {
		m.mu.Lock()
		m.waiters.Remove(w)
		if mine {
			m.locked = true
		} else if !m.locked {
			// An Unlock may have found this one at the head of the queue.
			m.wakeFirst()
		}
		m.mu.Unlock()
	}()
	switch {
	case !shielded:
		err = w.Wait(ctx)
	case governs(ctx, w.Task()):
		err = w.WaitShielded()
	default:
		err = w.Wait(context.Background())
	}
	mine = err == nil
	return err
}

// governs reports whether a cancel of the task reaches an await with ctx.
func governs(ctx context.Context, t *loop.Task) bool {
	if ctx == nil {
		return true
	}
	if s, bare := ctx.(*loop.Scope); bare { // whose Done would make a channel
		return s.Task() == t
	}
	return ctx.Done() != nil && loop.TaskOf(ctx) == t
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
	if !m.unlock() {
		panic("aio: Unlock of a Mutex that is not locked")
	}
}

// unlock reports whether m was locked.
func (m *Mutex) unlock() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.locked {
		return false
	}
	m.locked = false
	m.wakeFirst()
	return true
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
