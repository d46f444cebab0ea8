package loop

import (
	"context"
	"sync/atomic"
	"unsafe"

	"github.com/goaio/aio/coro"
)

// A Waiter is what a suspended task, or a blocked goroutine, waits with. Every
// primitive is built from it: put the caller's waiter into a [WaitList] under
// the primitive's own lock, unlock, and call [Waiter.Wait]. Whoever completes
// the wait calls [Waiter.Wake] under that same lock.
//
// A task has one waiter and uses it for every await, so an await allocates
// nothing. That is safe as long as the two rules are kept: Wake only while the
// waiter is in the list, and after Wait has returned an error take the lock
// and remove the waiter from the list before the next await.
type Waiter struct {
	next, previous *Waiter
	co             *coroutine // of a task; nil for an outsider's
	state          uint32     // atomic, but where an order is given: see Wake
	awaiting       bool       // the task is suspended with it; on the loop only
}

// An outsider is a waiter that is no task's, and says what a wake does.
type outsider struct {
	Waiter
	wake chan struct{} // of a goroutine
	done chan struct{} // closed by a future's end
	call func()        // a future's callback, which stands in line with who awaits it
	loop *Loop         // where to call it; nil: in whoever completes the future
}

// outsider returns the outsider that w, which has no coroutine, is a part of. A
// pointer to it in each waiter would cost a million suspended tasks 16 MB.
func (w *Waiter) outsider() *outsider { return (*outsider)(unsafe.Pointer(w)) }

// OnCancel has fn called on the loop, instead of ending the wait, when the task
// is cancelled; it says whether it took the cancel over. A gather hands the
// cancel to its children this way and goes on waiting. It is for this wait
// only.
func (w *Waiter) OnCancel(fn func(cause error) bool) {
	if w.co != nil {
		w.co.more().cancel = fn
	}
}

const (
	idle uint32 = iota
	pending
	woken
	cancelled
)

// NewWaiter readies the caller's waiter: the task's own in a coroutine, a new
// one in a plain goroutine. In a callback of a loop, which cannot wait, it
// returns [ErrAwaitInCallback].
func NewWaiter(ctx context.Context) (*Waiter, error) {
	return NewWaiterFor(ctx, awaitedUnknown, nil)
}

// NewWaiterFor is NewWaiter for a primitive that says what is waited for, and
// in which object, a pointer or nil: both are shown to those who look at the
// task. The object is only compared with those of other tasks.
func NewWaiterFor(ctx context.Context, awaited *Awaited, object any) (*Waiter, error) {
	c, err := caller()
	if err != nil {
		return nil, err
	}
	if c == nil {
		return newGoroutineWaiter(), nil
	}
	if err := c.checkThread(); err != nil {
		return nil, err
	}
	if c.loop.closed.Load() {
		// The task is being unwound from an await, see disturbed, and its waiter
		// may still be in a list. This one is of no use to anybody.
		return &Waiter{co: c, state: cancelled}, nil
	}
	c.waiter.state = pending
	c.task.beginWait(c.loop.round.clock, awaited, identity(object))
	return &c.waiter, nil
}

func newGoroutineWaiter() *Waiter {
	w := &outsider{wake: make(chan struct{}, 1)}
	w.state = pending
	return &w.Waiter
}

// Discard takes a waiter back that will not wait.
func (w *Waiter) Discard() {
	w.state = idle
	if c := w.co; c != nil {
		c.forget()
		c.task.waits.word.Store(0)
	}
}

// Wake ends the wait with success, unless it has ended: the task's next step
// joins its loop's ready queue, a goroutine is released. It reports whether it
// did. Safe from any goroutine, under the rules above.
func (w *Waiter) Wake() bool {
	if c := w.co; c != nil && c.loop.onLoop() {
		// Other wakers are kept out by the primitive's lock and a cancel by being
		// on the loop, so this needs no atomic exchange, which takes 5 ns.
		if atomic.LoadUint32(&w.state) != pending {
			return false
		}
		w.state = woken
		c.task.waits.word.Store(0)
		c.loop.pushHere(c.task)
		return true
	}
	if !atomic.CompareAndSwapUint32(&w.state, pending, woken) {
		return false
	}
	w.release()
	return true
}

// TakeBack undoes a Wake of a task's waiter and reports whether it could: only
// while the task's step is the last thing that has been queued, and nobody has
// cancelled the task. Then the task waits on, for awaited and object as in
// [NewWaiterFor], and the waiter belongs into the list again. It is for who
// woke somebody to share work and has done all of it alone. On the loop only.
func (w *Waiter) TakeBack(awaited *Awaited, object any) bool {
	c := w.co
	if c == nil || c.task.mark || c.scope.state.Load() != 0 || !c.loop.ready.takeBack(c.task, c.loop.round.todo) {
		return false
	}
	w.state = pending
	c.task.beginWait(c.loop.round.clock, awaited, identity(object))
	return true
}

// interrupt ends the wait with a cancel, unless it has ended.
func (w *Waiter) interrupt() bool {
	if !atomic.CompareAndSwapUint32(&w.state, pending, cancelled) {
		return false
	}
	w.release()
	return true
}

func (w *Waiter) release() {
	if c := w.co; c != nil {
		c.task.waits.word.Store(0)
		c.loop.pushStep(c.task)
		return
	}
	switch o := w.outsider(); {
	case o.wake != nil:
		o.wake <- struct{}{}
	case o.done != nil:
		close(o.done)
	default:
		o.loop.CallSoon(o.call)
	}
}

// Done reports whether the wait has ended, by a wake or a cancel, although the
// waiting task may not have run since.
func (w *Waiter) Done() bool { return atomic.LoadUint32(&w.state) != pending }

// Cancelled reports whether the wait has ended by a cancel.
func (w *Waiter) Cancelled() bool { return atomic.LoadUint32(&w.state) == cancelled }

// Task returns the waiting task, nil for a goroutine.
func (w *Waiter) Task() *Task {
	if w.co == nil {
		return nil
	}
	return w.co.task
}

// Wait suspends the task, or blocks the goroutine, until Wake (nil) or until
// ctx is cancelled (a [*CancelledError]). On a context that is cancelled
// already a task yields once before it gets the error. A wake that came first
// wins over a cancel. A nil ctx means the innermost scope of the task.
func (w *Waiter) Wait(ctx context.Context) error {
	// What an await mostly is stands here in one function: behind a switch the
	// processor mispredicts every return, so each frame across it costs 10 ns.
	s, next := w.begin(ctx)
	c := w.co
	if next == nil {
		if c == nil {
			return w.block(ctx)
		}
		return c.await(ctx, w)
	}
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
	return w.ended(s)
}

// begin begins an await that needs nothing but the switch to next, which is nil
// for all others.
func (w *Waiter) begin(ctx context.Context) (s *Scope, next *coro.Coroutine) {
	c := w.co
	if c == nil {
		return nil, nil
	}
	s, ok := ctx.(*Scope)
	if ctx == nil {
		s, ok = c.scope, true
	}
	if !ok || s.Task() != c.task || c.task.mark || s.state.Load() != 0 || c.rare.generator() != nil {
		return nil, nil
	}
	w.awaiting = true
	if c.awaited != s { // see Future.complete
		c.awaited = s
	}
	return s, c.loop.next(nil)
}

// ended ends what begin began.
func (w *Waiter) ended(s *Scope) error {
	c := w.co
	w.awaiting = false
	c.forget()
	if atomic.LoadUint32(&w.state) != cancelled {
		return nil
	}
	c.task.mark = false
	return c.cancelled(s)
}

// WaitShielded is Wait for an await that no context interrupts, only a request
// counted by the task itself: what asyncio's code does when it swallows a
// cancel and awaits again. It reports a cancel that was delivered.
func (w *Waiter) WaitShielded() error {
	if w.co == nil {
		return w.block(context.Background())
	}
	return w.co.awaitRequests(w)
}

func (w *Waiter) block(ctx context.Context) error {
	if atomic.LoadUint32(&w.state) == idle {
		panic("aio: wait with a Waiter that is not NewWaiter's, or was discarded") // maybe no outsider at all
	}
	if ctx == nil {
		<-w.outsider().wake
		return nil
	}
	select {
	case <-w.outsider().wake:
		return nil
	case <-ctx.Done():
		if atomic.CompareAndSwapUint32(&w.state, pending, cancelled) {
			return cancelledBy(ctx)
		}
		<-w.outsider().wake
		return nil
	}
}

// A WaitList holds waiters in the order they came. It is not safe by itself:
// it belongs to a primitive and is used under that primitive's lock. The first
// one's previous is the last one, so that a list is a single word.
type WaitList struct{ first *Waiter }

// First returns the oldest waiter, or nil. Cancelled ones are among them until
// their own next step.
func (l *WaitList) First() *Waiter { return l.first }

// Next returns the waiter behind w in its list, or nil.
func (w *Waiter) Next() *Waiter { return w.next }

// PushBack appends w, which must be in no list.
func (l *WaitList) PushBack(w *Waiter) {
	if l.first == nil {
		l.first, w.previous = w, w
		return
	}
	last := l.first.previous
	last.next, w.previous, l.first.previous = w, last, w
}

// Remove takes w out, which is in this list or in none, and reports whether it
// was in it.
func (l *WaitList) Remove(w *Waiter) bool {
	switch {
	case w.previous == nil:
		return false
	case l.first == w:
		l.first = w.next
	default:
		w.previous.next = w.next
	}
	if next := w.next; next != nil {
		next.previous, w.next = w.previous, nil
	} else if l.first != nil {
		l.first.previous = w.previous
	}
	w.previous = nil
	return true
}

// PopFirst takes the oldest waiter out, or returns nil.
func (l *WaitList) PopFirst() *Waiter {
	w := l.first
	if w != nil {
		l.Remove(w)
	}
	return w
}

// WakeFirst takes waiters out until it has woken one whose wait had not ended,
// and reports whether there was one.
func (l *WaitList) WakeFirst() bool {
	for w := l.PopFirst(); w != nil; w = l.PopFirst() {
		if w.Wake() {
			return true
		}
	}
	return false
}

// WakeAll takes every waiter out and wakes it.
func (l *WaitList) WakeAll() {
	for w := l.PopFirst(); w != nil; w = l.PopFirst() {
		w.Wake()
	}
}
