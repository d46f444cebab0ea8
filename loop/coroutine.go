package loop

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"

	"github.com/goaio/aio/coro"
	"github.com/goaio/aio/internal/gid"
	"github.com/goaio/aio/internal/goroutines"
)

// ErrAwaitInCallback says that a callback of a loop tried to wait. Only tasks
// can: a callback that waited would stop the loop it waits for.
var ErrAwaitInCallback = errors.New("aio: await in a loop's callback, which cannot wait; start a task in it with aio.Go")

// coroutine carries one task at a time. What a task needs only while it is
// suspended lives here, so that it is reused with the coroutine.
type coroutine struct {
	co      coro.Coroutine
	loop    *Loop
	task    *Task
	scope   *Scope // innermost
	awaited *Scope // whose cancel interrupts the await while waiter.awaiting; nil for none
	rare    *rare
	waiter  Waiter
	timer   timer
}

// rare is what few awaits need. It is apart because a million suspended tasks
// have a coroutine each.
type rare struct {
	inside  *gid.Record            // the generator in whose body the await stands
	joining *Task                  // the task whose end is awaited
	all     []*Task                // the tasks whose ends are awaited, see Waiter.JoinAll
	cancel  func(cause error) bool // see Waiter.OnCancel
	watched context.Context        // whose end interrupts the await, where that is not awaited's
	visit   func()                 // what the suspended task is resumed for, see disturbed
	locked  bool                   // the OS thread, from the coroutine's start on
	epoch   uint64                 // tells a late watcher that its await is over
}

func (c *coroutine) more() *rare {
	if c.rare == nil {
		c.rare = &rare{}
	}
	return c.rare
}

// forget ends what was said of the last await only.
func (c *coroutine) forget() {
	if r := c.rare; r != nil && (r.cancel != nil || r.all != nil) {
		r.cancel, r.all = nil, nil
	}
}

// generator returns the generator in whose body the await stands, or nil.
func (r *rare) generator() *gid.Record {
	if r == nil {
		return nil
	}
	return r.inside
}

func newCoroutine(l *Loop) *coroutine {
	c := &coroutine{loop: l}
	c.waiter.co = c
	c.timer.index = outside
	c.co.Init(carry)
	c.co.Record.Owner = c
	return c
}

// carry is the body of every coroutine: it runs a task, and then the next one,
// at once if that is due to start, else when it is taken out of the pool.
func carry(co *coro.Coroutine) {
	c := co.Record.Owner.(*coroutine)
	l := c.loop
	defer co.Leave(&l.turns.ring)
	if l.Debug() {
		c.more().locked = goroutines.SelfLocked()
	}
	for {
		t := c.task
		if l.options.ProfileLabels {
			t.label()
		}
		t.run(c)
		if l.options.ProfileLabels {
			unlabel()
		}
		t.work = nil
		next := l.next(c)
		if next == co {
			continue
		}
		c.task, c.awaited = nil, nil
		l.pool.give(c)
		if !co.Transfer(&l.turns.ring, next) {
			return
		}
	}
}

// runner returns the record of the goroutine that the caller runs for: its own,
// or in the body of a generator that of whoever resumes it; nil for a plain
// goroutine.
func runner(r *gid.Record) *gid.Record {
	for r != nil {
		g := r.Generator()
		if g == nil {
			break
		}
		r = g.Resumer
	}
	return r
}

// self returns the coroutine that the caller runs in, or nil.
func self() *coroutine {
	r := runner(gid.Self())
	if r == nil {
		return nil
	}
	c, _ := r.Owner.(*coroutine)
	return c
}

// caller is self for somebody who is about to wait.
func caller() (*coroutine, error) {
	own := gid.Self()
	if own == nil {
		return nil, nil
	}
	if c, ok := own.Owner.(*coroutine); ok && c.rare == nil { // what most are
		return c, nil
	}
	r := runner(own)
	if r == nil {
		return nil, nil
	}
	c, ok := r.Owner.(*coroutine)
	if !ok {
		return nil, ErrAwaitInCallback
	}
	if r != own {
		c.more().inside = own
	} else if c.rare != nil {
		c.rare.inside = nil
	}
	return c, nil
}

// Current returns the loop that the caller runs on, as a task or a callback,
// or nil.
func Current() *Loop {
	r := runner(gid.Self())
	if r == nil {
		return nil
	}
	switch owner := r.Owner.(type) {
	case *coroutine:
		return owner.loop
	case *Loop:
		return owner
	}
	return nil
}

// CurrentTask returns the task that the caller runs in, or nil.
func CurrentTask() *Task {
	if c := self(); c != nil {
		return c.task
	}
	return nil
}

// CurrentScope returns the innermost scope of the task that the caller runs in,
// or nil: the context of a call that was given none.
func CurrentScope() *Scope {
	if c := self(); c != nil {
		return c.scope
	}
	return nil
}

// park suspends the task until its next step.
func (c *coroutine) park() {
	if inside := c.rare.generator(); inside != nil {
		c.rare.inside = nil
		outward(inside, c.park)
		return
	}
	l := c.loop
	if next := l.next(nil); next != &c.co && !c.co.Transfer(&l.turns.ring, next) {
		c.disturbed()
	}
}

// disturbed is called by a task that has been resumed for something else than
// its next step: for a visit, see Task.Where, or because its loop is being
// closed. Goexit alone gets the body to its end then, whatever it does with an
// error.
func (c *coroutine) disturbed() {
	for c.rare != nil && c.rare.visit != nil {
		visit := c.rare.visit
		c.rare.visit = nil
		visit()
		ring := &c.loop.turns.ring
		if c.co.Transfer(ring, ring.Home()) {
			return
		}
	}
	// What it waited for goes to others.
	atomic.CompareAndSwapUint32(&c.waiter.state, pending, cancelled)
	runtime.Goexit()
}

// outward runs fn on the coroutine around a generator, or around several.
func outward(r *gid.Record, fn func()) {
	g := r.Generator()
	g.Outside(func() {
		if g.Resumer.Generator() == nil {
			fn()
		} else {
			outward(g.Resumer, fn)
		}
	})
}

// await suspends until w is woken or ctx cancelled.
func (c *coroutine) await(ctx context.Context, w *Waiter) error {
	s, watch := c.governing(ctx)
	if watch != nil {
		return c.awaitWatched(s, watch, w)
	}
	if c.suspend(s, w, s != nil && (c.task.mark || s.state.Load() != 0)) {
		return c.cancelled(s)
	}
	return nil
}

// awaitWatched is await with a context that can end by other means than the
// task's scopes.
func (c *coroutine) awaitWatched(s *Scope, watch context.Context, w *Waiter) error {
	r := c.more()
	interrupted := watch.Err() != nil
	if !interrupted {
		r.epoch++
		epoch := r.epoch
		end := func() {
			if r.epoch == epoch && c.waiter.awaiting {
				c.interrupt(w, context.Cause(watch))
			}
		}
		defer context.AfterFunc(watch, func() { c.loop.CallSoon(end) })()
		if d, ok := watch.(*Deadline); ok {
			defer d.notify(func() { c.task.post(end) })()
		}
	}
	r.watched = watch
	ended := c.suspend(s, w, interrupted)
	r.watched = nil
	r.epoch++
	switch {
	case !ended:
		return nil
	case s == nil || s.state.Load() == 0:
		return cancelledBy(watch)
	}
	return c.cancelled(s)
}

// governing finds the scope of the task whose cancel ends an await with ctx,
// and the context to watch where that is another one. With neither the await
// cannot be cancelled.
func (c *coroutine) governing(ctx context.Context) (s *Scope, watch context.Context) {
	s, bare := ctx.(*Scope)
	switch {
	case ctx == nil:
		return c.scope, nil
	case bare && s.Task() == c.task:
		return s, nil
	case ctx.Done() == nil:
		return nil, nil
	}
	if s = scopeOf(ctx); s == nil || s.Task() != c.task {
		c.foreignContext(s)
		return nil, ctx
	}
	if sameEnd(ctx, s) {
		return s, nil
	}
	return s, ctx
}

// awaitRequests suspends until w is woken or a new cancel is requested,
// whatever the state of the contexts.
func (c *coroutine) awaitRequests(w *Waiter) error {
	if c.suspend(c.scope, w, c.task.mark) {
		return c.cancelled(c.scope)
	}
	return nil
}

// suspend is one await. It reports whether a cancel ended it.
func (c *coroutine) suspend(s *Scope, w *Waiter, interrupted bool) bool {
	w.awaiting = true
	if c.awaited != s { // see Future.complete
		c.awaited = s
	}
	if interrupted && c.interrupt(w, s.cause()) {
		c.task.mark = false
	}
	c.park()
	w.awaiting = false
	c.forget()
	if atomic.LoadUint32(&w.state) != cancelled {
		return false
	}
	c.task.mark = false
	return true
}

// interrupt delivers a cancel to the current await, unless that has its result.
func (c *coroutine) interrupt(w *Waiter, cause error) bool {
	if c.rare != nil && c.rare.cancel != nil {
		return c.rare.cancel(cause)
	}
	return w.interrupt()
}

// yield suspends until the next round.
func (c *coroutine) yield(ctx context.Context) error {
	if err := c.checkThread(); err != nil {
		return err
	}
	s, watch := c.governing(ctx)
	c.loop.pushHere(c.task)
	c.park()
	switch {
	case watch != nil && watch.Err() != nil:
		c.task.mark = c.task.mark && s == nil
		return cancelledBy(watch)
	case watch == nil && s != nil && (c.task.mark || s.state.Load() != 0):
		c.task.mark = false
		return c.cancelled(s)
	}
	return nil
}

// cancelled makes the error of an await that a request interrupted.
func (c *coroutine) cancelled(s *Scope) error {
	e := &CancelledError{Task: c.task.Name(), kind: context.Canceled}
	if s == nil {
		return e
	}
	if err := s.Err(); err != nil {
		e.kind = err
	}
	if m := s.more.Load(); m != nil {
		m.mu.Lock()
		e.By, e.Cause = m.by, m.cause
		m.mu.Unlock()
		if e.Cause == e.kind {
			e.Cause = nil
		}
	}
	return e
}
