package aio

import (
	"context"

	"github.com/goaio/aio/loop"
)

// Task is a function that runs beside its starter, and the future of what it
// returns. It runs as a coroutine of a loop, or on a goroutine when there is
// no loop; awaiting it is the same in both cases.
type Task[T any] struct {
	value T // first: a last field of no size would be given some
	core  loop.Task
}

// TaskOption is a setting of one task.
type TaskOption func(*loop.Task)

// Name names a task; without it the name is "Task-" and a number.
func Name(name string) TaskOption { return func(t *loop.Task) { t.SetName(name) } }

// Go starts fn as a task, for its effect. It runs on the caller's loop if the
// caller is a task or a callback of one, else on the loop that ctx belongs to;
// with no loop at all, on a goroutine. It starts in the next round.
//
// fn's context carries the values and the deadline of ctx. The task belongs to
// the innermost [Group] of ctx, which waits for it and is cancelled by its
// failure. In no group, a failure goes to whoever awaits the task, and is
// reported when nobody did. Safe from any goroutine.
func Go(ctx context.Context, fn func(context.Context) error, options ...TaskOption) *Task[struct{}] {
	t := &Task[struct{}]{}
	start(ctx, &t.core, effect(fn), options)
	return t
}

// effect is the body of a task without a value: the function itself, so that
// starting one needs no closure.
type effect func(context.Context) error

// Run is for the loop.
func (fn effect) Run(ctx context.Context) error { return fn(ctx) }

// Async starts fn as a task, for its value. In all else it is [Go].
func Async[T any](ctx context.Context, fn func(context.Context) (T, error), options ...TaskOption) *Task[T] {
	t := &valued[T]{fn: fn}
	start(ctx, &t.core, t, options)
	return &t.Task
}

// valued is a task that has a value. It is a type of its own so that Run does
// not show among Task's methods.
type valued[T any] struct {
	Task[T]
	fn func(context.Context) (T, error)
}

func (t *valued[T]) Run(ctx context.Context) (err error) {
	fn := t.fn
	t.fn = nil
	t.value, err = fn(ctx)
	return err
}

func start(ctx context.Context, t *loop.Task, body loop.Body, options []TaskOption) {
	for _, option := range options {
		option(t)
	}
	loop.StartNear(t, ctx, body)
}

// Detached returns a context whose tasks belong to no group and are not
// cancelled with ctx: they run until they end or [Run] does. It keeps the
// values of ctx.
func Detached(ctx context.Context) context.Context {
	l := loop.Current()
	if l == nil {
		l = loop.Of(ctx)
	}
	return loop.Carry(context.WithoutCancel(ctx), l, nil)
}

// Await waits until the task has ended and returns its value or its error; the
// error of a task that was cancelled is a [*CancelledError], that of one that
// panicked a [*PanicError]. A cancel of ctx ends the wait and leaves the task
// alone. When the task waits, directly or through others, for the caller, or for
// the owner of the caller's group, a [*DeadlockError] prints the circle.
func (t *Task[T]) Await(ctx context.Context) (T, error) {
	err, aborted := t.core.Join(ctx)
	if err != nil && aborted {
		var zero T
		return zero, err
	}
	return t.value, err
}

// Cancel asks the task to end: its context is cancelled with that cause, which
// may be nil, and the await it is suspended in returns a [*CancelledError]. A
// task that has not started yet still starts, so that it can clean up what it
// was handed. Cancel reports whether the task was still running. Safe from any
// goroutine.
func (t *Task[T]) Cancel(cause error) bool { return t.core.Cancel(cause) }

// Name returns the task's name.
func (t *Task[T]) Name() string { return t.core.Name() }

// Result returns the value or the error without waiting, [ErrInvalidState]
// while the task runs. Safe from any goroutine.
func (t *Task[T]) Result() (T, error) {
	err := t.core.Err()
	if err != nil && !t.core.Completed() {
		var zero T
		return zero, err
	}
	return t.value, err
}

// Completed reports whether the task has ended: asyncio's done(). Safe from any
// goroutine.
func (t *Task[T]) Completed() bool { return t.core.Completed() }

// Cancelled reports whether the task ended by a cancel. Safe from any
// goroutine.
func (t *Task[T]) Cancelled() bool { return t.core.Cancelled() }

// Err returns the error that the task ended with, nil for a value, and
// [ErrInvalidState] while it runs. Safe from any goroutine.
func (t *Task[T]) Err() error { return t.core.Err() }

// Done returns a channel that is closed when the task has ended, for a select
// in a plain goroutine. Safe from any goroutine.
func (t *Task[T]) Done() <-chan struct{} { return t.core.Done() }

// AddDoneCallback has fn called once the task has ended: in the next round of
// the caller's loop, or, when the caller is on none, by the task's last step.
// remove takes it back and reports whether it was still to come.
func (t *Task[T]) AddDoneCallback(fn func()) (remove func() bool) {
	return t.core.AddDoneCallback(fn)
}

// Core returns the task as package loop knows it.
func (t *Task[T]) Core() *loop.Task { return &t.core }
