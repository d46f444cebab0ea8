package loop

import (
	"context"
	"time"
)

func (s *Scope) ownDeadline() time.Time {
	m := s.more.Load()
	if m == nil {
		return time.Time{}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.deadline
}

// Deadline returns the earliest time at which the scope, or what it was
// derived from, is cancelled, on the loop's clock.
func (s *Scope) Deadline() (deadline time.Time, ok bool) {
	if s.values != nil {
		deadline, ok = s.values.Deadline()
	}
	if own := s.ownDeadline(); !own.IsZero() && (!ok || own.Before(deadline)) {
		return own, true
	}
	return deadline, ok
}

// Carry wraps ctx so that tasks started with it run on l and belong to
// supervisor, either of which may be nil. The wrapper is of no task: it is
// cancelled exactly when ctx is, and hands no cancel to the tasks of a
// supervisor.
func Carry(ctx context.Context, l *Loop, supervisor Supervisor) *Scope {
	carried := &struct {
		scope Scope
		inherited
	}{scope: Scope{carried: true}, inherited: inherited{values: ctx, loop: l, supervisor: supervisor}}
	carried.scope.inherited = &carried.inherited
	return &carried.scope
}

// Err returns nil while the scope is live, context.DeadlineExceeded when a
// deadline ended it, else context.Canceled.
func (s *Scope) Err() error {
	if s.Task() == nil {
		return s.values.Err()
	}
	switch state := s.state.Load(); {
	case state == 0:
		return nil
	case state&scopeExpired != 0:
		return context.DeadlineExceeded
	}
	return context.Canceled
}

// Done returns a channel that is closed when the scope is cancelled or ends.
func (s *Scope) Done() <-chan struct{} {
	if s.Task() == nil {
		return s.values.Done()
	}
	return s.standard().Done()
}

// Value returns what the context that the scope was derived from has for key.
func (s *Scope) Value(key any) any {
	switch key.(type) {
	case scopeKey:
		return s
	case *int:
		// Package context finds the context that it can attach a derived one
		// to by an unexported key of this type.
		if s.Task() == nil {
			break
		}
		if value := s.standard().Value(key); value != nil {
			return value
		}
	}
	if s.values == nil {
		return nil
	}
	return s.values.Value(key)
}

func (s *Scope) cause() error {
	if s == nil {
		return nil
	}
	m := s.more.Load()
	if m == nil {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.cause
}

// standard makes, on first need, the standard context that stands for the
// scope: contexts derived with package context attach to it, so that a cancel
// reaches them at once, with its cause, and no goroutine is started.
func (s *Scope) standard() context.Context {
	m := s.detail()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.std != nil {
		return m.std
	}
	o := &origin{Context: context.Background()}
	std, cancel := context.WithCancelCause(o)
	before := m.end
	m.std = std
	m.end = func(err, cause error) {
		if before != nil {
			before(err, cause)
		}
		if err == context.DeadlineExceeded {
			o.expire()
		}
		cancel(cause)
	}
	if err := s.Err(); err != nil {
		m.end(err, m.cause)
	}
	return std
}

// origin is the parent of a scope's standard context. It is never done by
// itself; expire ends what is attached with context.DeadlineExceeded, which a
// CancelCauseFunc cannot do.
type origin struct {
	context.Context
	expired func()
	err     error
}

var never = make(chan struct{})

func (o *origin) Done() <-chan struct{} { return never }
func (o *origin) Err() error            { return o.err }
func (o *origin) Value(any) any         { return nil }

// AfterFunc is what package context calls to attach to a context that is not
// its own.
func (o *origin) AfterFunc(fn func()) (stop func() bool) {
	o.expired = fn
	return func() bool { return true }
}

func (o *origin) expire() {
	o.err = context.DeadlineExceeded
	o.expired()
}
