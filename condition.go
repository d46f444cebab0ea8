package aio

import (
	"context"
	"errors"
	"math"
	"sync"

	"github.com/goaio/aio/loop"
)

// ErrNotLocked is what the methods of a [Condition] return that need its lock
// when nobody holds it.
var ErrNotLocked = errors.New("aio: the condition's lock is not held; call Lock first")

// Condition lets tasks and goroutines, on any loops, wait for a change of what
// a lock protects. Its methods are safe from any goroutine. It is asyncio's
// Condition.
type Condition struct {
	m       *Mutex
	mu      sync.Mutex
	waiters loop.WaitList
}

// NewCondition returns a condition on m, or on a mutex of its own if m is nil.
func NewCondition(m *Mutex) *Condition {
	if m == nil {
		m = &Mutex{}
	}
	return &Condition{m: m}
}

// Lock locks the condition's mutex; see [Mutex.Lock].
func (c *Condition) Lock(ctx context.Context) error { return c.m.Lock(ctx) }

// Unlock unlocks the condition's mutex; see [Mutex.Unlock].
func (c *Condition) Unlock() { c.m.Unlock() }

// Locked reports whether the condition's mutex is locked.
func (c *Condition) Locked() bool { return c.m.Locked() }

// Wait unlocks the mutex, waits until it is notified, and locks the mutex
// again. The caller looks again whether what it waits for is true, in a loop,
// or calls [Condition.WaitFor].
//
// A cancel ends the wait with a [*CancelledError], but the mutex is locked
// again first, however long that takes; a notification that came is passed on.
// Wait returns [ErrNotLocked] if nobody holds the mutex.
func (c *Condition) Wait(ctx context.Context) error {
	if !c.m.Locked() {
		return ErrNotLocked
	}
	w, err := loop.NewWaiter(ctx)
	if err != nil {
		return err
	}
	// In the list before the mutex is free: a notification from another
	// goroutine must find the waiter.
	c.mu.Lock()
	c.waiters.PushBack(w)
	c.mu.Unlock()
	c.m.Unlock()
	err = w.Wait(ctx)
	c.mu.Lock()
	c.waiters.Remove(w)
	c.mu.Unlock()
	for {
		cancelled := c.m.lockShielded(ctx)
		if cancelled == nil {
			break
		}
		err = cancelled
	}
	if err != nil {
		c.notify(1)
	}
	return err
}

// WaitFor waits until predicate, which is called with the mutex locked, returns
// true. What a cancel does is as with [Condition.Wait].
func (c *Condition) WaitFor(ctx context.Context, predicate func() bool) error {
	for !predicate() {
		if err := c.Wait(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Notify wakes up to n of those who wait, in the order in which they came. It
// returns [ErrNotLocked] if nobody holds the mutex.
func (c *Condition) Notify(n int) error {
	if !c.m.Locked() {
		return ErrNotLocked
	}
	c.notify(n)
	return nil
}

// NotifyAll wakes all who wait. It returns [ErrNotLocked] if nobody holds the
// mutex.
func (c *Condition) NotifyAll() error {
	return c.Notify(math.MaxInt)
}

func (c *Condition) notify(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for w := c.waiters.First(); w != nil && n > 0; w = w.Next() {
		if w.Wake() {
			n--
		}
	}
}
