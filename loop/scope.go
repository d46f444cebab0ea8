package loop

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"
)

// A Supervisor owns the tasks that are started with a scope's context. The
// group of package aio is one.
type Supervisor interface {
	// Add takes a task in before it starts, or refuses it. Safe from any
	// goroutine.
	Add(*Task) error
	// Loop returns the loop on which Ended is called, one round after the end;
	// with nil it is called at once, by the task.
	Loop() *Loop
	// Owner is the task that cannot end before those of the supervisor have, nil
	// for none. It is always the same.
	Owner() *Task
	// Ended hears that a task has ended, before anybody else who waits for it.
	Ended(*Task)
}

// A Scope is a stretch of one task that can be cancelled by itself, and the
// context of what runs in it: the task's whole body is its outermost scope,
// each timeout and each group adds one.
//
// As a context it is what the standard library expects: contexts derived from
// it with package context attach to it without a goroutine and carry its
// cause. Its Err, Done, Deadline and Value are safe from any goroutine.
type Scope struct {
	*inherited          // nil before the task starts
	nested     *nesting // nil for a task's outermost one
	more       atomic.Pointer[scopeState]
	state      atomic.Uint32
	shielded   bool // a cancel from outside reaches it only if a deadline made it
	carried    bool // it is of no task, see Carry
}

// nesting is the place of a scope in its task. It is apart because a million
// tasks have an outermost scope each, which needs none.
type nesting struct {
	task   *Task
	outer  *Scope // the scope around it in the same task
	parent *Scope // the scope it was derived from, if of the same task
}

const (
	scopeCancelled = 1 << iota
	scopeExpired   // the cancel was a deadline's
	scopeEnded
)

// scopeState is what few scopes need; it is made on first use.
type scopeState struct {
	mu         sync.Mutex
	std        context.Context // a standard context that ends with the scope
	end        func(err, cause error)
	cause      error
	by         string
	name       string
	deadline   time.Time
	timer      Handle
	expired    bool
	told       told
	dependents []*Task
	record     *record                 // of a task in debug mode
	awaited    atomic.Pointer[Awaited] // what its task waited for last, where that has an object
}

// told is the request of cancellation that the end of a followed context made:
// of the scope alone, so the scope takes it back when it is closed.
type told struct {
	counted bool
	marked  bool  // it made the mark that the next await takes
	before  int32 // how many requests there were
}

type scopeKey struct{}

func (s *Scope) detail() *scopeState {
	if m := s.more.Load(); m != nil {
		return m
	}
	s.more.CompareAndSwap(nil, &scopeState{})
	return s.more.Load()
}

// scopeOf finds the scope that ctx is, or was derived from.
func scopeOf(ctx context.Context) *Scope {
	switch c := ctx.(type) {
	case nil:
		return nil
	case *Scope:
		return c
	}
	s, _ := ctx.Value(scopeKey{}).(*Scope)
	return s
}

// Of returns the loop of the context that ctx was derived from, or nil.
func Of(ctx context.Context) *Loop {
	if s := scopeOf(ctx); s != nil {
		return s.runsOn()
	}
	return nil
}

// TaskOf returns the task whose scope ctx is, or was derived from, or nil.
func TaskOf(ctx context.Context) *Task {
	if s := scopeOf(ctx); s != nil {
		return s.Task()
	}
	return nil
}

// within reports whether a cancel of s reaches from x.
func (s *Scope) within(x *Scope, expired bool) bool {
	for s != x {
		if s == nil || s.shielded && !expired {
			return false
		}
		s = s.parent()
	}
	return true
}

// NestedScope is the memory of one scope that [Enter] opens, for those who have
// room for it in a struct of their own. It is used once.
type NestedScope struct {
	scope  Scope
	nested nesting
}

// Enter opens a scope in the calling task, derived from ctx. It returns nil in
// a plain goroutine, which has no scopes. Close it with Exit, in reverse order.
func Enter(ctx context.Context) *Scope { return new(NestedScope).Enter(ctx) }

// Enter is the function Enter in this memory.
func (n *NestedScope) Enter(ctx context.Context) *Scope {
	c, _ := caller()
	if c == nil {
		return nil
	}
	return c.enter(ctx, n, nil)
}

// EnterSupervised is Enter for a scope whose supervisor owns the tasks that are
// started with it.
func EnterSupervised(ctx context.Context, supervisor Supervisor) *Scope {
	c, _ := caller()
	if c == nil {
		return nil
	}
	return c.enter(ctx, new(NestedScope), supervisor)
}

// EnterShielded is Enter for a scope that is live although the task was
// cancelled: only deadlines around it that have not passed reach it.
func EnterShielded(ctx context.Context) *Scope {
	c, _ := caller()
	if c == nil {
		return nil
	}
	if _, bare := ctx.(*Scope); !bare {
		ctx = context.WithoutCancel(ctx)
	}
	s := c.enter(ctx, new(NestedScope), nil)
	s.shielded = true
	s.nested.parent = c.scope.Outer()
	s.state.Store(0)
	c.task.mark = false
	return s
}

func (c *coroutine) enter(ctx context.Context, memory *NestedScope, supervisor Supervisor) *Scope {
	s := &memory.scope
	s.nested = &memory.nested
	s.nested.task = c.task
	s.nested.outer = c.scope
	s.derive(ctx, supervisor)
	c.scope = s
	if parent := s.parent(); parent != nil && parent.state.Load() != 0 {
		s.state.Store(scopeCancelled | parent.state.Load()&scopeExpired)
		s.detail().cause = parent.cause()
	}
	return s
}

// derive takes over what ctx hands down: what is inherited, and the cancel.
func (s *Scope) derive(ctx context.Context, supervisor Supervisor) {
	from, bare := s.inherit(ctx, s.nested.task.scope.loop, supervisor)
	switch {
	case from != nil && from.Task() == s.nested.task && (bare || sameEnd(ctx, from)):
		s.nested.parent = from
	case ctx.Done() != nil:
		if from != nil && from.Task() == s.nested.task {
			s.nested.parent = from
		}
		s.follow(ctx)
	}
}

// sameEnd reports whether ctx, derived from s, ends exactly when s does.
func sameEnd(ctx context.Context, s *Scope) bool { return ctx.Done() == s.Done() }

// follow cancels the scope when a context of another origin ends.
func (s *Scope) follow(ctx context.Context) {
	m := s.detail()
	// Locked, for a context that has ended calls at once, on a goroutine.
	m.mu.Lock()
	defer m.mu.Unlock()
	stop := context.AfterFunc(ctx, func() {
		expired := ctx.Err() == context.DeadlineExceeded
		if s.loop == nil {
			s.cancelNow(expired, context.Cause(ctx), "")
			return
		}
		s.Task().post(func() { s.tell(expired, context.Cause(ctx)) })
	})
	m.end = func(error, error) { stop() }
}

// tell cancels the scope because a context that it follows has ended. The news
// may come when the scope is closed already.
func (s *Scope) tell(expired bool, cause error) {
	t := s.Task()
	if s.nested == nil {
		t.cancelScope(s, expired, cause, "")
		return
	}
	if s.state.Load()&scopeEnded != 0 {
		return
	}
	of := &s.detail().told
	marked := t.mark
	of.before = t.requests
	t.cancelScope(s, expired, cause, "")
	of.counted = t.requests > of.before
	of.marked = t.mark && !marked
}

// Told returns how many of the task's requests of cancellation came from a
// context that the scope follows. [Scope.Exit] takes them back.
func (s *Scope) Told() int {
	if m := s.more.Load(); m != nil && m.told.counted {
		return 1
	}
	return 0
}

// Exit closes the scope: its context ends, what was started with it is
// cancelled, and a request of cancellation that came from a context it follows
// is taken back. It reports whether the scope's deadline had expired, which is a
// request that the caller takes back with [Task.Uncancel].
func (s *Scope) Exit() (expired bool) {
	c := s.Task().coroutine()
	c.scope = s.nested.outer
	state := s.state.Load()
	s.state.Store(state | scopeEnded)
	m := s.more.Load()
	if m == nil {
		return false
	}
	m.timer.Cancel()
	s.finish(m, context.Canceled)
	if m.told.counted {
		if left := s.Task().Uncancel(); m.told.marked && left <= int(m.told.before) {
			s.Task().mark = false
		}
	}
	return m.expired
}

// finish ends the standard context and the tasks that depend on the scope.
func (s *Scope) finish(m *scopeState, cause error) {
	m.mu.Lock()
	end, dependents := m.end, m.dependents
	m.dependents = nil
	m.mu.Unlock()
	if end != nil {
		end(s.Err(), cause)
	}
	for _, t := range dependents {
		t.Cancel(cause)
	}
}

// cancelNow makes the scope's context cancelled. Tasks of a supervisor are its
// own to cancel.
func (s *Scope) cancelNow(expired bool, cause error, by string) {
	if s.state.Load() != 0 {
		return
	}
	m := s.detail()
	m.mu.Lock()
	if s.state.Load() != 0 {
		m.mu.Unlock()
		return
	}
	m.cause, m.by = cause, by
	if expired {
		s.state.Store(scopeCancelled | scopeExpired)
	} else {
		s.state.Store(scopeCancelled)
	}
	m.mu.Unlock()
	s.finish(m, cause)
}

// Cancel cancels the scope, a request counted by its task: the task's await is
// interrupted if it stands in the scope. On the loop only.
func (s *Scope) Cancel(cause error) {
	s.loop.mustBeHere("Scope.Cancel")
	s.Task().cancelScope(s, false, cause, "")
}

// SetDeadline moves the time at which the scope is cancelled; the zero time
// removes it. One that has passed cancels the scope in the next round. On the
// loop only.
func (s *Scope) SetDeadline(when time.Time) {
	s.loop.mustBeHere("Scope.SetDeadline")
	m := s.detail()
	m.timer.Cancel()
	m.timer = Handle{}
	m.mu.Lock()
	m.deadline = when
	m.mu.Unlock()
	if when.IsZero() {
		return
	}
	expire := func() {
		m.expired = true
		s.Task().cancelScope(s, true, context.DeadlineExceeded, "")
	}
	if at := s.loop.at(when); at <= s.loop.driver.Now() {
		m.timer = s.loop.CallSoon(expire)
	} else {
		m.timer = s.loop.callAt(at, expire)
	}
}

// Expired reports whether the scope's own deadline has cancelled it.
func (s *Scope) Expired() bool {
	m := s.more.Load()
	return m != nil && m.expired
}

// Task returns the task that the scope is part of, nil for one that [Carry] has
// made. A task's outermost scope is a part of it: a pointer back would be one more
// for the collector to follow.
func (s *Scope) Task() *Task {
	switch {
	case s.nested != nil:
		return s.nested.task
	case s.carried:
		return nil
	}
	return (*Task)(unsafe.Pointer(s))
}

// Outer returns the scope around s in its task, or nil.
func (s *Scope) Outer() *Scope {
	if s.nested == nil {
		return nil
	}
	return s.nested.outer
}

func (s *Scope) parent() *Scope {
	if s.nested == nil {
		return nil
	}
	return s.nested.parent
}

// TakeBack makes every cancelled scope of the calling task live again, after a
// cancel was delivered and handled: asyncio's view, where a cancel is an event
// and not a state. Deadlines that have not passed still cancel. The count of
// requests stays; see [Task.Uncancel]. A Done channel that was handed out
// before stays closed. Programs want [aio.Cleanup] instead.
func TakeBack(ctx context.Context) {
	c, _ := caller()
	if c == nil {
		return
	}
	for s := c.scope; s != nil; s = s.Outer() {
		if s.state.Load() == 0 {
			continue
		}
		s.state.Store(0)
		if m := s.more.Load(); m != nil {
			m.mu.Lock()
			m.std, m.end, m.cause = nil, nil, nil
			m.mu.Unlock()
		}
	}
}
