//go:build unix && !aix

package aiohttp

import (
	"context"

	"github.com/goaio/aio"
	"github.com/goaio/aio/loop"
)

// heed returns the context with which the caller is to wait for the sake of a
// request: one that ends when the request's does and, in a task, when the task
// is cancelled. release, if it is not nil, is to be called when that is over.
func heed(ctx context.Context) (heeded context.Context, release func()) {
	task := loop.CurrentTask()
	switch {
	case task == nil && loop.Of(ctx) == nil:
		return ctx, nil
	case task == nil:
		// A goroutine depends on no loop that runs a user's code, although its
		// context may be one of a task.
		return loop.Carry(ctx, nil, nil), nil
	case loop.TaskOf(ctx) == task:
		return ctx, nil
	case ctx.Done() == nil:
		return loop.CurrentScope(), nil
	}
	// A scope that loop.Enter derives from ctx would end with that alone.
	scope := loop.Enter(loop.CurrentScope())
	told, over := false, false
	stop := context.AfterFunc(ctx, func() {
		task.Loop().CallSoon(func() {
			if !over {
				told = true
				scope.Cancel(context.Cause(ctx))
			}
		})
	})
	return scope, func() {
		over = true
		stop()
		scope.Exit()
		if told {
			task.Uncancel()
		}
	}
}

// outcome is the error of a call that ctx may have ended. That is the context's
// own then, as with net/http, but a cancel of the task itself is an
// [*aio.CancelledError], which groups and timeouts know.
func outcome(ctx context.Context, err error) error {
	if !aio.IsCancelled(err) || ctx.Err() == nil {
		return err
	}
	if scope := loop.CurrentScope(); scope != nil && scope.Err() != nil {
		return err
	}
	return context.Cause(ctx)
}

// valued is a context with the values of another, too.
type valued struct {
	context.Context
	values context.Context
}

// withValues returns ctx with the values of other.
func withValues(ctx, other context.Context) context.Context {
	if ctx == other {
		return ctx
	}
	return valued{ctx, other}
}

func (v valued) Value(key any) any {
	// The task's own come first: they say where an await stands.
	if value := v.Context.Value(key); value != nil {
		return value
	}
	return v.values.Value(key)
}
