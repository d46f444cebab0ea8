package aio

import (
	"context"
	"sync"

	"github.com/goaio/aio/loop"
)

// Group runs fn and then waits for every task that was started with fn's
// context, or with one derived from it, however deep. When it returns all of
// them have ended.
//
// The first failure, of a task or of fn, cancels all the others; Group then
// returns a [*GroupError] with all the errors in the order in which they came.
// A cancel of Group's caller is handed on to the tasks. A task that ends
// cancelled is no failure. When a task panics the others are cancelled and
// Group panics with a [*PanicError] that has the stack of the origin.
//
// It is asyncio's TaskGroup (PEP 654 has its errors), hop for hop. In a plain
// goroutine it does the same with goroutines.
func Group(ctx context.Context, fn func(ctx context.Context) error) error {
	g := &group{}
	if g.scope = loop.EnterSupervised(ctx, g); g.scope == nil {
		return g.runOnGoroutine(ctx, fn)
	}
	g.loop, g.task = g.scope.Task().Loop(), g.scope.Task()
	g.requests = g.task.Cancelling()
	exited := false
	defer func() {
		if !exited { // fn panicked, or called runtime.Goexit
			g.abort(nil)
			_ = g.waitForAll()
			g.scope.Exit()
		}
	}()
	err := fn(g.scope)
	err = g.leave(err)
	exited = true
	g.scope.Exit()
	if g.panicked != nil {
		panic(g.panicked)
	}
	return err
}

// group supervises the tasks of one Group. The lock is there because tasks may
// be started from any goroutine and may run on other loops; news of their ends
// comes to the owner's loop.
type group struct {
	scope    *loop.Scope // nil when the owner is a plain goroutine
	loop     *loop.Loop
	task     *loop.Task // the owner
	requests int        // the owner's count of requests at the entry

	mu       sync.Mutex
	children loop.Members
	waiter   *loop.Waiter // the owner waits for the last child
	leaving  bool         // fn has returned
	aborting bool         // no more tasks; the children are cancelled
	asked    bool         // a failure has cancelled the owner
	errors   []error
	panicked *PanicError
	cancel   context.CancelCauseFunc // of an owner on a goroutine
}

// Add takes a task in.
func (g *group) Add(t *loop.Task) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.aborting || g.leaving && g.children.Len() == 0 {
		return ErrGroupDone
	}
	g.children.Add(t)
	return nil
}

// Loop is where the owner runs.
func (g *group) Loop() *loop.Loop { return g.loop }

// Owner is the task that the group was opened in, nil for a plain goroutine.
func (g *group) Owner() *loop.Task { return g.task }

// Ended is the news of a task's end.
func (g *group) Ended(t *loop.Task) {
	g.mu.Lock()
	g.children.Remove(t)
	if g.waiter != nil && g.children.Len() == 0 {
		g.waiter.Wake()
	}
	err := t.Err()
	if err == nil || t.Cancelled() {
		g.mu.Unlock()
		return
	}
	g.errors = append(g.errors, err)
	if p, ok := err.(*PanicError); ok && g.panicked == nil {
		g.panicked = p
	}
	first := !g.aborting && !g.asked
	g.asked = g.asked || first
	g.mu.Unlock()
	if !first {
		return
	}
	g.abort(err)
	if g.scope != nil {
		g.scope.Cancel(err)
	} else {
		g.cancel(err)
	}
}

// abort cancels the children, in the order in which they were started.
func (g *group) abort(cause error) {
	g.mu.Lock()
	g.aborting = true
	children := g.children.All()
	g.mu.Unlock()
	for _, t := range children {
		if !t.Completed() {
			t.Cancel(cause)
		}
	}
}

// leave is what comes after fn: asyncio's TaskGroup.__aexit__.
func (g *group) leave(err error) error {
	g.mu.Lock()
	g.leaving = true
	aborting := g.aborting
	g.mu.Unlock()
	var cancel error
	switch {
	case err != nil && g.scope.Cancels(err):
		cancel = err
	case err == nil && g.scope.Err() != nil && !g.task.CancelPending():
		// fn took no notice of the cancel; the tasks hear of it all the same.
		cancel = loop.CancelledBy(g.scope, context.Cause(g.scope))
	}
	switch {
	case aborting:
	case cancel != nil:
		g.abort(context.Cause(g.scope))
	case err != nil:
		g.abort(err)
	}
	if interrupted := g.waitForAll(); interrupted != nil {
		cancel = interrupted
	}
	if g.asked && g.task.UncancelTo(g.requests) {
		cancel = nil
	}
	if cancel != nil && len(g.errors) == 0 {
		return cancel
	}
	if err != nil && !g.scope.Cancels(err) {
		g.errors = append(g.errors, err)
	}
	if len(g.errors) == 0 {
		return nil
	}
	if g.task.Cancelling()-g.scope.Told() > g.requests {
		g.task.Recancel()
	}
	return &GroupError{Errors: g.errors}
}

// waitForAll waits until no child is left, and returns the cancel that made it
// abort meanwhile.
func (g *group) waitForAll() (interrupted error) {
	for {
		g.mu.Lock()
		if g.children.Len() == 0 {
			g.mu.Unlock()
			return interrupted
		}
		w, err := loop.NewWaiterFor(g.scope, awaitedGroup, g)
		if err != nil {
			g.mu.Unlock()
			return err
		}
		g.waiter = w
		g.mu.Unlock()
		err = w.WaitShielded()
		g.mu.Lock()
		g.waiter = nil
		aborting := g.aborting
		g.mu.Unlock()
		if err != nil && !aborting {
			interrupted = err
			g.abort(context.Cause(g.scope))
		}
	}
}

// runOnGoroutine is Group for an owner that is no task.
func (g *group) runOnGoroutine(ctx context.Context, fn func(context.Context) error) error {
	inner, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	g.cancel = cancel
	stop := context.AfterFunc(inner, func() { g.abort(context.Cause(inner)) })
	defer stop()
	exited := false
	defer func() {
		if !exited {
			g.abort(nil)
			_ = g.waitForAll()
		}
	}()
	err := fn(loop.Carry(inner, loop.Of(ctx), g))
	g.mu.Lock()
	g.leaving = true
	g.mu.Unlock()
	cancelled := IsCancelled(err) || err != nil && inner.Err() != nil && err == inner.Err()
	if err != nil {
		g.abort(err)
	}
	_ = g.waitForAll()
	exited = true
	if g.panicked != nil {
		panic(g.panicked)
	}
	if err != nil && !cancelled {
		g.errors = append(g.errors, err)
	}
	switch {
	case len(g.errors) > 0:
		return &GroupError{Errors: g.errors}
	case ctx.Err() != nil:
		return err
	}
	return nil
}
