package loop

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
)

// Body is what a task runs.
type Body interface {
	// Run is the task's function. ctx is the task's outermost scope.
	Run(ctx context.Context) error
}

// Task is a function that runs as a coroutine of a loop, or on a goroutine of
// its own when it was started without one, and the future of its end. It is
// also the context of what runs in it. [aio.Task] adds the value.
type Task struct {
	scope Scope // first, see Scope.Task
	Future
	work       any // its Body until it starts, then its *coroutine if it runs on a loop
	waits      waits
	id         uint64
	registered position // in the loop's registry
	member     position // in its supervisor's list
	requests   int32
	mark       bool // a request that the next await takes
	owned      bool // by its starter: no supervisor has a part in it
}

// ErrGoexit says that a task ended because its function called
// runtime.Goexit, as testing.T.FailNow does.
var ErrGoexit = errors.New("aio: the task called runtime.Goexit")

// ID returns the task's number on its loop, from 1; 0 for one that another
// goroutine has started until the loop sees it. Safe from any goroutine.
func (t *Task) ID() uint64 {
	if l := t.scope.runsOn(); l != nil {
		l.tasks.mu.Lock()
		defer l.tasks.mu.Unlock()
	}
	return t.id
}

// Name returns the task's name, "Task-" and a number unless it was named. Safe
// from any goroutine.
func (t *Task) Name() string {
	if m := t.scope.more.Load(); m != nil {
		m.mu.Lock()
		defer m.mu.Unlock()
		if m.name != "" {
			return m.name
		}
	}
	return fmt.Sprintf("Task-%d", t.ID())
}

// SetName names the task. Safe from any goroutine.
func (t *Task) SetName(name string) {
	m := t.scope.detail()
	m.mu.Lock()
	m.name = name
	m.mu.Unlock()
	if l := t.scope.runsOn(); l != nil && l.options.ProfileLabels && CurrentTask() == t {
		t.label()
	}
}

// Context returns the task's outermost scope.
func (t *Task) Context() *Scope { return &t.scope }

// Own says, before the task starts, that its starter awaits it and hands
// cancels on to it: it joins no group, although the tasks that it starts do.
func (t *Task) Own() { t.owned = true }

// Loop returns the loop that the task runs on, nil for a plain goroutine.
func (t *Task) Loop() *Loop { return t.scope.runsOn() }

// Start has l run body as task t, which must be new: its first step joins the
// ready queue. The task takes values and deadline from ctx and is cancelled
// when a context between ctx and the task it came from is; the supervisor of
// ctx owns it. A nil l starts a goroutine. On a closed loop the task has ended
// with [ErrClosed] when Start returns. Safe from any goroutine.
func Start(l *Loop, t *Task, ctx context.Context, body Body) {
	startOn(l, l != nil && l.onLoop(), t, ctx, body)
}

// StartNear is Start on the loop that the caller runs on, else on the one that
// ctx belongs to, if any.
func StartNear(t *Task, ctx context.Context, body Body) {
	if l := Current(); l != nil {
		startOn(l, true, t, ctx, body)
	} else {
		startOn(Of(ctx), false, t, ctx, body)
	}
}

func startOn(l *Loop, onLoop bool, t *Task, ctx context.Context, body Body) {
	t.work = body
	t.inherit(ctx, l)
	if l != nil && l.Debug() {
		t.recordStart(scopeOf(ctx))
	}
	if t.scope.supervisor != nil && !t.owned {
		if err := t.scope.supervisor.Add(t); err != nil {
			t.owned = true
			t.end(err, IsCancelled(err))
			return
		}
	}
	if l == nil {
		t.id = goroutineTasks.Add(1)
		go t.runOnGoroutine()
		return
	}
	if l.closed.Load() {
		t.end(ErrClosed, false)
		return
	}
	if onLoop {
		l.link(t)
		if l.options.EagerStart {
			l.startEagerly(t)
		} else {
			l.pushHere(t)
		}
		return
	}
	if !l.pushForeign(t) {
		t.end(ErrClosed, false)
	}
}

var goroutineTasks atomic.Uint64

// end completes the task and ends its context.
func (t *Task) end(err error, asCancelled bool) {
	t.scope.state.Store(t.scope.state.Load() | scopeEnded)
	if m := t.scope.more.Load(); m != nil {
		m.timer.Cancel()
		t.scope.finish(m, context.Canceled)
	}
	if t.coroutine() == nil {
		t.work = nil
	}
	if t.registered != 0 {
		t.scope.loop.unlink(t)
	}
	supervised := t.scope.supervisor != nil && !t.owned
	t.mu.Lock()
	awaited := t.waiters.First() != nil
	if supervised {
		// A supervisor hears of it before anybody else: asyncio's group adds its
		// callback first.
		t.complete(err, asCancelled, t.tellSupervisor)
	} else {
		t.complete(err, asCancelled, nil)
	}
	if err != nil && !asCancelled && !supervised && !t.owned && t.scope.loop != nil {
		t.scope.loop.unread.note(t)
	}
	if err == nil && !awaited && !supervised && !t.owned {
		t.noteUnawaited()
	}
}

func (t *Task) tellSupervisor() {
	switch l := t.scope.supervisor.Loop(); {
	case l == nil:
		t.scope.supervisor.Ended(t)
	case l == t.scope.loop && t.coroutine() != nil || l.onLoop():
		l.pushHere(ended{t})
	default:
		l.CallSoon(func() { t.scope.supervisor.Ended(t) })
	}
}

// endPanicked ends the task with a panic: news for its supervisor or for those
// who await it, else at once for the exception handler.
func (t *Task) endPanicked(err *PanicError) {
	t.mu.Lock()
	alone := t.waiters.First() == nil && t.scope.supervisor == nil && !t.owned
	t.mu.Unlock()
	t.end(err, false)
	if alone {
		t.state.Or(futureRead)
		t.scope.loop.CallExceptionHandler(Exception{Message: "a task panicked", Err: err, Task: t})
	}
}

func (t *Task) runOnGoroutine() {
	returned := false
	defer func() {
		if returned {
			return
		}
		if value := recover(); value != nil {
			t.end(NewPanicError(value), false)
		} else {
			t.end(ErrGoexit, false)
		}
	}()
	err := t.work.(Body).Run(&t.scope)
	returned = true
	t.end(err, t.scope.Cancels(err))
}

// coroutine returns what runs the task, nil before it starts and after it has
// ended. On the loop only.
func (t *Task) coroutine() *coroutine {
	c, _ := t.work.(*coroutine)
	return c
}

// run is the task's life on a coroutine.
func (t *Task) run(c *coroutine) {
	returned := false
	defer func() {
		if returned {
			return
		}
		c.scope = nil
		if value := recover(); value != nil {
			t.endPanicked(NewPanicError(value))
		} else if t.scope.loop.closed.Load() {
			// Close unwinds with Goexit what it abandons, and names it itself.
			t.owned = true
			t.end(ErrClosed, false)
		} else {
			t.end(ErrGoexit, false)
		}
	}()
	body := t.work.(Body)
	t.work = c
	err := body.Run(&t.scope)
	returned = true
	c.scope = nil
	t.end(err, t.scope.Cancels(err))
}
