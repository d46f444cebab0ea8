package loop

import "context"

// inherited is what a scope has from where it was derived. It never changes:
// scopes that were derived alike share it, above all those of a group's tasks,
// for what a small task costs is mostly the collector's work on it.
type inherited struct {
	values     context.Context // what it was derived from, never a bare *Scope
	loop       *Loop           // nil for a task on a plain goroutine
	supervisor Supervisor
}

// inherit takes over the values and the deadline of ctx, and its supervisor unless
// there is another one. from is the scope that ctx is, if it is bare, or was derived
// from; nil for none.
func (s *Scope) inherit(ctx context.Context, l *Loop, supervisor Supervisor) (from *Scope, bare bool) {
	from, bare = ctx.(*Scope)
	if !bare {
		from = scopeOf(ctx)
	} else if deadline := from.ownDeadline(); !deadline.IsZero() {
		s.detail().deadline = deadline
	}
	if bare && supervisor == nil && from.loop == l {
		s.inherited = from.inherited
		return from, bare
	}
	own := &inherited{values: ctx, loop: l, supervisor: supervisor}
	if bare {
		own.values = from.values
	}
	if supervisor == nil && from != nil {
		own.supervisor = from.supervisor
	}
	s.inherited = own
	return from, bare
}

// runsOn returns the loop of the scope's task, nil also before that starts.
func (s *Scope) runsOn() *Loop {
	if s.inherited == nil {
		return nil
	}
	return s.loop
}

// inherit takes over what ctx hands down to a task of its own on l. The scopes of
// tasks and groups hand down no cancel, for a supervisor cancels what it owns
// itself; a timeout's scope does, and so does any context made elsewhere.
func (t *Task) inherit(ctx context.Context, l *Loop) {
	from, bare := t.scope.inherit(ctx, l, nil)
	if from == nil {
		if ctx.Done() != nil {
			t.scope.follow(ctx)
		}
		return
	}
	switch {
	case bare && from.Task() != nil, !bare && from.Task() != nil && ctx.Done() != nil && sameEnd(ctx, from):
		if from.depends() && !t.owned {
			from.addDependent(t)
		}
	case bare && from.supervisor != nil, ctx.Done() == nil:
	case !bare && from.Task() == nil && from.supervisor != nil && sameEnd(ctx, from):
	default:
		t.scope.follow(ctx)
	}
}

// depends reports whether tasks started with the scope end with it.
func (s *Scope) depends() bool {
	return s.Task() != nil && s != &s.Task().scope && (s.Outer() == nil || s.supervisor == s.Outer().supervisor)
}

func (s *Scope) addDependent(t *Task) {
	m := s.detail()
	m.mu.Lock()
	if err := s.Err(); err == nil {
		m.dependents = append(m.dependents, t)
		m.mu.Unlock()
		return
	}
	cause := m.cause
	m.mu.Unlock()
	t.requests++
	t.mark = true
	t.scope.cancelNow(false, cause, "")
}
