package aio

import (
	"context"
	"errors"
	"math"
	"sync/atomic"
)

// ErrBrokenBarrier is what those get who wait at a [Barrier] that is aborted,
// or reset meanwhile.
var ErrBrokenBarrier = errors.New("aio: the barrier is broken")

// Barrier makes a number of tasks or goroutines, on any loops, wait for each
// other. It can be used again as soon as all have left. Its methods are safe
// from any goroutine. It is asyncio's Barrier.
type Barrier struct {
	condition *Condition // its lock is held to change the rest
	parties   int
	state     atomic.Int32
	count     atomic.Int32 // who has come and not left
}

const (
	filling int32 = iota
	draining
	resetting
	broken
)

// NewBarrier returns a barrier for that many parties; it panics if there is
// not at least one.
func NewBarrier(parties int) *Barrier {
	if parties < 1 {
		panic("aio: a barrier needs at least one party")
	}
	b := &Barrier{condition: NewCondition(nil), parties: parties}
	b.condition.awaited = awaitedBarrier
	return b
}

// Wait waits until as many wait as the barrier has parties, and returns the
// caller's index among them, from 0. It returns [ErrBrokenBarrier] when the
// barrier is or gets broken. A cancel ends the wait with a [*CancelledError],
// and the others go on waiting for one more; if the last one has come already
// they are not held up. The barrier's own lock is waited for even then.
func (b *Barrier) Wait(ctx context.Context) (index int, err error) {
	if err := b.condition.Lock(ctx); err != nil {
		return 0, err
	}
	held := true // unless the task is unwound
	defer func() {
		if held {
			b.condition.Unlock()
		}
	}()
	if err := b.condition.waitFor(ctx, &held, func() bool {
		state := b.state.Load()
		return state != draining && state != resetting
	}); err != nil {
		return 0, err
	}
	if b.state.Load() == broken {
		return 0, ErrBrokenBarrier
	}
	defer b.leave()
	index = int(b.count.Add(1)) - 1
	if index+1 == b.parties {
		b.state.Store(draining)
		b.condition.notify(math.MaxInt)
		return index, nil
	}
	if err := b.condition.waitFor(ctx, &held, func() bool { return b.state.Load() != filling }); err != nil {
		return 0, err
	}
	if state := b.state.Load(); state == broken || state == resetting {
		return 0, ErrBrokenBarrier
	}
	return index, nil
}

// leave lets new ones in when the last one has left.
func (b *Barrier) leave() {
	if b.count.Add(-1) > 0 {
		return
	}
	if state := b.state.Load(); state == resetting || state == draining {
		b.state.Store(filling)
	}
	b.condition.notify(math.MaxInt)
}

// Reset empties the barrier: those who wait get [ErrBrokenBarrier]. It waits
// for the barrier's own lock; a cancel meanwhile changes nothing.
func (b *Barrier) Reset(ctx context.Context) error {
	if err := b.condition.Lock(ctx); err != nil {
		return err
	}
	defer b.condition.Unlock()
	if b.count.Load() > 0 {
		b.state.Store(resetting)
	} else {
		b.state.Store(filling)
	}
	return b.condition.NotifyAll()
}

// Abort breaks the barrier: those who wait, and those who come, get
// [ErrBrokenBarrier], until a Reset. It waits for the barrier's own lock; a
// cancel meanwhile changes nothing.
func (b *Barrier) Abort(ctx context.Context) error {
	if err := b.condition.Lock(ctx); err != nil {
		return err
	}
	defer b.condition.Unlock()
	b.state.Store(broken)
	return b.condition.NotifyAll()
}

// Parties returns how many the barrier waits for.
func (b *Barrier) Parties() int { return b.parties }

// Waiting returns how many wait at the barrier now.
func (b *Barrier) Waiting() int {
	if b.state.Load() != filling {
		return 0
	}
	return int(b.count.Load())
}

// Broken reports whether the barrier was aborted.
func (b *Barrier) Broken() bool { return b.state.Load() == broken }
