package aio

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/goaio/aio/loop"
)

// Blocking runs fn, which may block, on the thread pool of the caller's loop
// and awaits it: the loop goes on meanwhile. In a plain goroutine, which may
// block itself, fn just runs. It is asyncio's to_thread.
//
// fn's context has the values and the deadline of ctx and is cancelled when
// the caller's wait is. Blocking then returns a [*CancelledError] at once: a
// function that waits for its turn is never run, one that runs goes on until it
// looks at its context, and what it returns is lost; a panic of it goes to the
// loop's exception handler. With a ctx that is cancelled already fn is not run.
//
// A panic of fn is returned as a [*PanicError], and [ErrGoexit] when fn calls
// runtime.Goexit. When the pool's queue is full Blocking waits for a place, in
// order of arrival.
func Blocking[T any](ctx context.Context, fn func(ctx context.Context) (T, error)) (T, error) {
	j := &job[T]{fn: fn}
	var err error
	if l := loop.Current(); l != nil {
		e := executorsOf(l)
		err = j.run(ctx, e, e.main(), j)
	} else if err = cancelledAlready(ctx); err == nil {
		j.call(ctx)
	}
	if err != nil {
		var zero T // the function may still run and set j.value
		return zero, err
	}
	return j.value, j.err
}

// BlockingOn is [Blocking] on a given executor: asyncio's run_in_executor. A
// plain goroutine hands fn to the executor too, for that bounds how much runs
// at a time; so a job must not wait for another one of a pool that is full of
// such jobs.
func BlockingOn[T any](ctx context.Context, executor Executor, fn func(ctx context.Context) (T, error)) (T, error) {
	j := &job[T]{fn: fn}
	var e *executors
	if l := loop.Current(); l != nil {
		e = executorsOf(l)
	}
	if err := j.run(ctx, e, executor, j); err != nil {
		var zero T
		return zero, err
	}
	return j.value, j.err
}

// cancelledAlready returns the error of an await with a context that is
// cancelled, one round later as every await.
func cancelledAlready(ctx context.Context) error {
	if ctx.Err() == nil {
		return nil
	}
	return Yield(ctx)
}

// job is one function on its way through an executor.
type job[T any] struct {
	handover
	value T
	fn    func(context.Context) (T, error)
}

// Run runs the function, unless its awaiter has gone.
func (j *job[T]) Run() {
	if !j.abandoned.Load() {
		j.call(&j.ctx)
	}
	j.finish()
}

// Drop ends a job that the executor will never run.
func (j *job[T]) Drop(err error) {
	j.err = err
	j.finish()
}

func (j *job[T]) call(ctx context.Context) {
	returned := false
	defer func() {
		if returned {
			return
		}
		if value := recover(); value != nil {
			j.err = loop.NewPanicError(value)
		} else {
			j.err = ErrGoexit
			j.finish() // the worker's goroutine ends here
		}
	}()
	j.value, j.err = j.fn(ctx)
	returned = true
}

// handover is what job has that does not depend on its value.
type handover struct {
	ctx       jobContext   // its mutex guards w and the setting of the next two
	w         *loop.Waiter // nil when nobody waits
	ended     bool         // the value and err are there
	abandoned atomic.Bool  // nobody will fetch them
	owner     *executors   // of the awaiter's loop, which it holds; nil for a goroutine's job
	err       error
}

// run hands j, which h is part of, to the executor and awaits it. It returns an
// error if the job has no outcome.
func (h *handover) run(ctx context.Context, owner *executors, executor Executor, j Job) error {
	if err := cancelledAlready(ctx); err != nil {
		return err
	}
	w, err := loop.NewWaiterFor(ctx, awaitedBlocking, nil)
	if err != nil {
		return err
	}
	h.ctx.parent = ctx
	h.w = w
	if owner == nil {
		return h.runFromGoroutine(ctx, executor, j)
	}
	h.owner = owner
	owner.loop.Hold()
	switch err = executor.SubmitNoWait(j); {
	case err == nil:
		err = h.await(ctx, w)
	case errors.Is(err, ErrQueueFull):
		err = h.queueUp(ctx, executor, j)
	default:
		w.Discard()
	}
	if !h.abandoned.Load() {
		owner.loop.Release()
	}
	return err
}

// runFromGoroutine is run for a caller that may block.
func (h *handover) runFromGoroutine(ctx context.Context, executor Executor, j Job) error {
	err := executor.Submit(ctx, j)
	switch {
	case err == nil:
		return h.await(ctx, h.w)
	case ctx.Err() != nil && errors.Is(err, ctx.Err()):
		return loop.CancelledBy(ctx, context.Cause(ctx))
	}
	return err
}

// await waits for a job that the executor has accepted. If it has ended, that
// wins over a cancel.
func (h *handover) await(ctx context.Context, w *loop.Waiter) error {
	returned := false
	// Deferred, for a task whose loop is closed is unwound from its await.
	defer func() {
		if !returned && !h.leave() {
			h.ctx.end(context.Canceled, ErrClosed)
		}
	}()
	err := w.Wait(ctx)
	returned = true
	if h.leave() {
		return nil
	}
	kind, cause := ctx.Err(), err
	if kind == nil {
		kind = context.Canceled
	}
	var cancelled *CancelledError
	if errors.As(err, &cancelled) {
		cause = cancelled.Cause
	}
	h.ctx.end(kind, cause)
	return err
}

// leave ends the wait. It reports whether the job has ended; if not, it is left
// to itself and holds the loop until it ends.
func (h *handover) leave() (ended bool) {
	h.ctx.mu.Lock()
	defer h.ctx.mu.Unlock()
	h.w = nil
	if !h.ended {
		h.abandoned.Store(true)
	}
	return h.ended
}

// finish publishes the outcome.
func (h *handover) finish() {
	h.ctx.mu.Lock()
	if h.ended {
		h.ctx.mu.Unlock()
		return
	}
	h.ended = true
	abandoned := h.abandoned.Load()
	if h.w != nil {
		h.w.Wake()
	}
	h.ctx.mu.Unlock()
	if abandoned {
		h.owner.lost(h.err)
	}
}

// queueUp waits for a place in a full queue, and then for the job.
func (h *handover) queueUp(ctx context.Context, executor Executor, j Job) error {
	pool, priority := threadPoolOf(executor)
	if pool == nil {
		// Another kind of executor has only a Submit that blocks.
		go func() {
			if err := executor.Submit(&h.ctx, j); err != nil {
				j.Drop(err)
			}
		}()
		return h.await(ctx, h.w)
	}
	w, err := h.waitForPlace(ctx, pool, priority, j)
	if err != nil {
		return err
	}
	return h.await(ctx, w)
}

// waitForPlace submits the job when there is a place for it, and returns the
// waiter for its end.
func (h *handover) waitForPlace(ctx context.Context, pool *ThreadPool, priority int, j Job) (*loop.Waiter, error) {
	w := h.w
	var place poolPlace
	places := gate{w: w}
	defer pool.release(&place)
	defer places.close()
	if !pool.reserve(&place, places.open) {
		if err := w.Wait(ctx); err != nil {
			return nil, err
		}
		places.close()
		var err error
		if w, err = loop.NewWaiterFor(ctx, awaitedBlocking, nil); err != nil {
			return nil, err
		}
		h.w = w
	}
	if err := pool.submitReserved(&place, j, priority); err != nil {
		w.Discard()
		return nil, err
	}
	return w, nil
}
