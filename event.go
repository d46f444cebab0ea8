package aio

import (
	"context"
	"sync"

	"github.com/goaio/aio/loop"
)

// Event is a flag that tasks and goroutines, on any loops, wait for. Its zero
// value is clear; do not copy it. Its methods are safe from any goroutine. It
// is asyncio's Event.
type Event struct {
	mu      sync.Mutex
	set     bool
	waiters loop.WaitList
}

// Set sets the flag and wakes everybody who waits for it.
func (e *Event) Set() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.set {
		e.set = true
		for w := e.waiters.First(); w != nil; w = w.Next() {
			w.Wake()
		}
	}
}

// Clear clears the flag. Those whom Set has woken go on all the same.
func (e *Event) Clear() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.set = false
}

// IsSet reports whether the flag is set.
func (e *Event) IsSet() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.set
}

// Wait waits until the flag is set. A cancel ends the wait with a
// [*CancelledError] and changes nothing; while the flag is set Wait does not
// look at ctx.
func (e *Event) Wait(ctx context.Context) error {
	e.mu.Lock()
	if e.set {
		e.mu.Unlock()
		return nil
	}
	return waitIn(ctx, awaitedEvent, e, &e.waiters, &e.mu)
}

// waitIn waits in a list, until woken or cancelled. It is called with the lock
// of the list held, and unlocks it.
func waitIn(ctx context.Context, awaited *loop.Awaited, object any, list *loop.WaitList, mu *sync.Mutex) error {
	w, err := loop.NewWaiterFor(ctx, awaited, object)
	if err != nil {
		mu.Unlock()
		return err
	}
	list.PushBack(w)
	mu.Unlock()
	defer func() {
		mu.Lock()
		list.Remove(w)
		mu.Unlock()
	}()
	return w.Wait(ctx)
}
