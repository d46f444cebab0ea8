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
// fn's context is ctx; it is cancelled when the awaiting task is. Blocking then
// returns a [*CancelledError] at once: a function that waits for its turn is
// never run, one that runs goes on until it looks at its context, and what it
// returns is lost. A panic of fn is returned as a [*PanicError]. When the
// pool's queue is full Blocking waits for a place.
func Blocking[T any](ctx context.Context, fn func(ctx context.Context) (T, error)) (T, error) {
	l := loop.Current()
	if l == nil {
		return BlockingOn(ctx, nil, fn)
	}
	return BlockingOn(ctx, executorsOf(l).main(), fn)
}

// BlockingOn is [Blocking] on a given executor: asyncio's run_in_executor.
func BlockingOn[T any](ctx context.Context, executor Executor, fn func(ctx context.Context) (T, error)) (T, error) {
	j := &job[T]{ctx: ctx, fn: fn}
	if j.loop = loop.Current(); j.loop == nil {
		j.call()
		return j.value, j.err
	}
	w, err := loop.NewWaiter(ctx)
	if err != nil {
		return j.value, err
	}
	j.gate.w = w
	j.loop.Hold()
	if err := executor.SubmitNoWait(j); err != nil {
		if !errors.Is(err, ErrQueueFull) {
			j.loop.Release()
			w.Discard()
			return j.value, err
		}
		if err := j.queueUp(executor, w); err != nil {
			j.loop.Release()
			return j.value, err
		}
	} else {
		err = w.Wait(ctx)
		if !j.leave() {
			var zero T
			return zero, err
		}
	}
	j.loop.Release()
	return j.value, j.err
}

// job is one function on its way through an executor.
type job[T any] struct {
	gate      gate // guards what follows it
	ended     bool // value and err are there
	abandoned bool // nobody waits any more
	ctx       context.Context
	fn        func(context.Context) (T, error)
	loop      *loop.Loop
	value     T
	err       error
	cancelled atomic.Bool
}

// Run runs the function, unless its awaiter has gone.
func (j *job[T]) Run() {
	if !j.cancelled.Load() {
		j.call()
	}
	j.finish()
}

// Drop ends a job that the executor will never run.
func (j *job[T]) Drop(err error) {
	j.err = err
	j.finish()
}

func (j *job[T]) call() {
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
	j.value, j.err = j.fn(j.ctx)
	returned = true
}

func (j *job[T]) finish() {
	j.gate.mu.Lock()
	if j.ended {
		j.gate.mu.Unlock()
		return
	}
	j.ended = true
	abandoned := j.abandoned
	if j.gate.w != nil {
		j.gate.w.Wake()
	}
	j.gate.mu.Unlock()
	if abandoned {
		j.loop.CallSoon(j.lost)
	}
}

// lost is called on the loop when a function has ended that nobody waits for.
func (j *job[T]) lost() {
	j.loop.Release()
	var p *PanicError
	if errors.As(j.err, &p) {
		j.loop.CallExceptionHandler(loop.Exception{Message: "a blocking function panicked after its task was cancelled", Err: p})
	}
}

// leave ends the wait for the job, and reports whether it has ended: then its
// result wins over a cancel.
func (j *job[T]) leave() bool {
	j.gate.mu.Lock()
	defer j.gate.mu.Unlock()
	j.gate.w = nil
	if !j.ended {
		j.abandoned = true
		j.cancelled.Store(true)
	}
	return j.ended
}

// queueUp waits for a place in a full queue and then for the job. It is called
// with a fresh waiter.
func (j *job[T]) queueUp(executor Executor, w *loop.Waiter) error {
	pool, ok := executor.(*ThreadPool)
	if !ok {
		// Another kind of executor has only a Submit that blocks.
		go func() {
			if err := executor.Submit(j.ctx, j); err != nil {
				j.Drop(err)
			}
		}()
		return j.await(w)
	}
	var place poolPlace
	var places gate
	places.w = w
	defer pool.release(&place)
	if !pool.reserve(&place, places.open) {
		err := w.Wait(j.ctx)
		places.close()
		if err != nil {
			w.Discard()
			return err
		}
		if w, err = loop.NewWaiter(j.ctx); err != nil {
			return err
		}
	}
	j.gate.w = w
	if err := pool.submitReserved(&place, j); err != nil {
		w.Discard()
		return err
	}
	return j.await(w)
}

// await waits for a job that was queued; a cancel is returned and leaves the
// job to itself, which holds the loop until it ends.
func (j *job[T]) await(w *loop.Waiter) error {
	err := w.Wait(j.ctx)
	if j.leave() {
		return nil
	}
	j.loop.Hold()
	return err
}
