package aio

import (
	"context"
	"errors"
	"time"

	"github.com/goaio/aio/loop"
)

// SubmitOn hands a job to an executor, waiting for a place if there is none: a
// task is suspended, a goroutine blocks. It is [Executor].Submit for code that
// may run on a loop. A cancel of ctx while it waits returns a
// [*CancelledError], and the job has not been accepted then.
func SubmitOn(ctx context.Context, executor Executor, job Job) error {
	if err := executor.SubmitNoWait(job); !errors.Is(err, ErrQueueFull) {
		return err
	}
	l := loop.Current()
	if l == nil {
		err := executor.Submit(ctx, job)
		if err != nil && ctx.Err() != nil && errors.Is(err, ctx.Err()) {
			return loop.CancelledBy(ctx, context.Cause(ctx))
		}
		return err
	}
	l.Hold()
	defer l.Release()
	if pool, priority := threadPoolOf(executor); pool != nil {
		return submitInTurn(ctx, pool, priority, job)
	}
	return submitElsewhere(ctx, executor, job)
}

// submitInTurn waits for a place of a thread pool.
func submitInTurn(ctx context.Context, pool *ThreadPool, priority int, job Job) error {
	w, err := loop.NewWaiter(ctx)
	if err != nil {
		return err
	}
	var place poolPlace
	places := gate{w: w}
	defer pool.release(&place)
	defer places.close()
	if pool.reserve(&place, places.open) {
		w.Discard()
	} else if err := w.Wait(ctx); err != nil {
		return err
	}
	return pool.submitReserved(&place, job, priority)
}

// submitElsewhere has a goroutine wait, for another kind of executor has only a
// Submit that blocks. After a cancel it hears how that ended: the executor may
// have accepted the job just then.
func submitElsewhere(ctx context.Context, executor Executor, job Job) error {
	outcome := NewFuture[error]()
	inner, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	go func() { _ = outcome.SetResult(executor.Submit(inner, job)) }()
	refused, err := outcome.Await(ctx)
	if err == nil {
		return refused
	}
	cancel()
	_ = Cleanup(context.WithoutCancel(ctx), submitGrace, func(ctx context.Context) error {
		refused, err = outcome.Await(ctx)
		return err
	})
	if err == nil && refused == nil {
		return nil
	}
	return loop.CancelledBy(ctx, context.Cause(ctx))
}

// submitGrace is how long an executor may take to notice a cancel.
const submitGrace = time.Minute
