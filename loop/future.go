package loop

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
)

// ErrInvalidState says that a future was completed twice, or asked for a
// result that it does not have yet.
var ErrInvalidState = errors.New("aio: invalid state")

// Future is the state of something that will be complete: whether it is, with
// which error, and who waits. [aio.Future] adds the value. It is safe from any
// goroutine; its zero value is pending.
type Future struct {
	mu      sync.Mutex
	state   atomic.Uint32
	waiters WaitList
	err     error
}

const (
	futureDone      = 1 << iota // with a value, an error or a cancel
	futureCancelled             // with a cancel
	futureRead                  // somebody has seen the error
	futureWatched               // somebody wants to know whether it was read, error or not
)

// Completed reports whether the future is complete: asyncio's done().
func (f *Future) Completed() bool { return f.state.Load()&futureDone != 0 }

// Done returns a channel that is closed when the future is complete, for
// plain goroutines that select.
func (f *Future) Done() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.Completed() {
		return closed
	}
	for w := f.waiters.First(); w != nil; w = w.Next() {
		if w.co == nil && w.outsider().done != nil {
			return w.outsider().done
		}
	}
	done := make(chan struct{})
	w := &outsider{done: done}
	w.state = pending
	f.waiters.PushBack(&w.Waiter)
	return done
}

var closed = make(chan struct{})

func init() { close(closed) }

// Cancelled reports whether it was completed by a cancel.
func (f *Future) Cancelled() bool { return f.state.Load()&futureCancelled != 0 }

// Err returns the error the future ended with, and [ErrInvalidState] if it has
// not ended. The error counts as read.
func (f *Future) Err() error {
	state := f.state.Load()
	if state&futureDone == 0 {
		return ErrInvalidState
	}
	if state&futureRead == 0 && (f.err != nil || state&futureWatched != 0) {
		f.state.Or(futureRead)
	}
	return f.err
}

// Complete ends the future with err, nil for success, and reports whether it
// was still pending. set, which may be nil, stores the value before anybody
// can see that the future is done. A [*CancelledError] makes it cancelled.
// Waiting tasks join their loop's ready queue and callbacks that of theirs, in
// the order they came.
func (f *Future) Complete(err error, set func()) bool {
	f.mu.Lock()
	if f.Completed() {
		f.mu.Unlock()
		return false
	}
	if set != nil {
		set()
	}
	f.complete(err, err != nil && IsCancelled(err), nil)
	return true
}

// complete is called with the lock held, on a pending future, and unlocks it.
// first, which may be nil, is called when the future is done and nobody who
// waits has been told.
func (f *Future) complete(err error, asCancelled bool, first func()) {
	if err != nil { // writing a pointer costs something while the collector marks
		f.err = err
	}
	state := futureDone | f.state.Load()&futureWatched
	if asCancelled {
		state |= futureCancelled
	}
	f.state.Store(state)
	if first != nil {
		first()
	}
	var own []func()
	for w := f.waiters.PopFirst(); w != nil; w = f.waiters.PopFirst() {
		if w.co == nil {
			if o := w.outsider(); o.call != nil && o.loop == nil {
				own = append(own, o.call)
				continue
			}
		}
		w.Wake()
	}
	f.mu.Unlock()
	if len(own) > 0 {
		callAll(own)
	}
}

// callAll calls what is to be called by who completes a future. A loop whose
// task or callback that is hears of a panic, as it does of those of callbacks
// that it calls itself, and the completion goes on.
func callAll(callbacks []func()) {
	l := Current()
	for _, fn := range callbacks {
		if l == nil {
			fn()
		} else {
			l.guarded(fn)
		}
	}
}

// guarded calls fn as a callback.
func (l *Loop) guarded(fn func()) {
	defer func() {
		if value := recover(); value != nil {
			l.callbackPanicked(value)
		}
	}()
	fn()
}

// AddDoneCallback has fn called when the future is complete: on the caller's
// loop, one round later as every callback, if the caller is on one; else by
// whoever completes the future. remove takes it back and reports whether it
// was still to be queued.
func (f *Future) AddDoneCallback(fn func()) (remove func() bool) {
	l := Current()
	w := &outsider{call: fn, loop: l}
	w.state = pending
	f.mu.Lock()
	if !f.Completed() {
		f.waiters.PushBack(&w.Waiter)
		f.mu.Unlock()
		return func() bool {
			f.mu.Lock()
			defer f.mu.Unlock()
			return f.waiters.Remove(&w.Waiter)
		}
	}
	f.mu.Unlock()
	if l != nil {
		l.CallSoon(fn)
	} else {
		fn()
	}
	return func() bool { return false }
}

// Wait awaits the end of the future and returns the error it ended with. A
// cancelled wait leaves the future alone and returns the [*CancelledError] of
// the waiter; aborted is then true. When the future is complete Wait does not
// look at the context.
func (f *Future) Wait(ctx context.Context) (err error, aborted bool) {
	if f.Completed() {
		return f.Err(), false
	}
	w, err := NewWaiterFor(ctx, awaitedFuture, f)
	if err != nil {
		return err, true
	}
	f.mu.Lock()
	if f.Completed() {
		f.mu.Unlock()
		w.Discard()
		return f.Err(), false
	}
	f.waiters.PushBack(w)
	f.mu.Unlock()
	// What Waiter.Wait does stands here once more, see there.
	if s, next := w.begin(ctx); next == nil {
		err = w.Wait(ctx)
	} else {
		c := w.co
		if next != &c.co {
			ring, ok := &c.loop.turns.ring, false
			if next.ByYield() {
				ok = c.co.TransferByYield(ring, next)
			} else {
				ok = c.co.TransferByNext(ring, next)
			}
			if !ok && !c.co.Attend(ring) {
				c.disturbed()
			}
		}
		err = w.ended(s)
	}
	if err != nil {
		f.mu.Lock()
		f.waiters.Remove(w)
		f.mu.Unlock()
		return err, true
	}
	if w.co != nil && f.Cancelled() {
		// Who resumes with a cancel has had the one that was pending.
		w.co.task.CancelDelivered()
	}
	return f.Err(), false
}
