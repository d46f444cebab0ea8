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
	mu      sync.Mutex // taken before m's own
	waiters loop.WaitList
	awaited *loop.Awaited // what a wait is called
}

// NewCondition returns a condition on m, or on a mutex of its own if m is nil.
func NewCondition(m *Mutex) *Condition {
	if m == nil {
		m = &Mutex{}
	}
	return &Condition{m: m, awaited: awaitedNotify}
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
// A task that is left over when its loop is closed cannot wait for the mutex
// any more: it locks it for its deferred Unlock only if it is free.
// Wait returns [ErrNotLocked], and has not waited, if nobody holds the mutex.
func (c *Condition) Wait(ctx context.Context) error {
	var held bool
	return c.wait(ctx, &held)
}

// wait is Wait. It keeps held up to date, which a caller that is unwound finds
// its only news in.
func (c *Condition) wait(ctx context.Context, held *bool) (err error) {
	w, err := loop.NewWaiterFor(ctx, c.awaited, c)
	if err != nil {
		return err
	}
	// Under one lock: a notification from another goroutine, which needs the
	// mutex first, must find the waiter.
	c.mu.Lock()
	if !c.m.unlock() {
		c.mu.Unlock()
		w.Discard()
		return ErrNotLocked
	}
	c.waiters.PushBack(w)
	c.mu.Unlock()
	*held = false
	defer func() {
		if !*held {
			c.remove(w)
			*held = c.m.TryLock()
			c.notify(1)
		}
	}()
	err = w.Wait(ctx)
	c.remove(w)
	for {
		cancelled := c.m.lockShielded(ctx)
		if cancelled == nil {
			break
		}
		err = cancelled
	}
	*held = true
	if err != nil {
		// It may have come after a notification, which is another's then.
		c.notify(1)
	}
	return err
}

func (c *Condition) remove(w *loop.Waiter) {
	c.mu.Lock()
	c.waiters.Remove(w)
	c.mu.Unlock()
}

// WaitFor waits until predicate, which is called with the mutex locked, returns
// true. What a cancel does is as with [Condition.Wait].
func (c *Condition) WaitFor(ctx context.Context, predicate func() bool) error {
	var held bool
	return c.waitFor(ctx, &held, predicate)
}

func (c *Condition) waitFor(ctx context.Context, held *bool, predicate func() bool) error {
	for !predicate() {
		if err := c.wait(ctx, held); err != nil {
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
