package aio

import (
	"context"
	"errors"
)

// Errors of an [Executor]. Compare with [errors.Is].
var (
	// ErrQueueFull says that there is no place for another job at the moment.
	ErrQueueFull = errors.New("aio: queue full")
	// ErrShutdown says that the executor takes no more jobs, or that it was shut down before the job's turn came.
	ErrShutdown = errors.New("aio: executor shut down")
	// ErrBroken says that the executor cannot run jobs any more, as concurrent.futures' BrokenExecutor does. The cause
	// is wrapped beside it.
	ErrBroken = errors.New("aio: executor broken")
)

// A Job is one piece of work for an [Executor].
//
// An executor that has accepted a job (its submit method returned nil) calls exactly one of the two methods, exactly
// once. Of a job it has refused it calls neither.
type Job interface {
	// Run does the work, on one of the executor's workers. It may block.
	Run()
	// Drop is called instead of Run when the job will never run; err says why. It must not block: it is called by
	// whoever shuts the executor down, or by a worker.
	Drop(err error)
}

// An Executor runs jobs outside the event loops, as the executors of concurrent.futures (PEP 3148) do.
// Its methods are safe from any goroutine.
type Executor interface {
	// SubmitNoWait hands over a job without waiting. It returns ErrQueueFull when there is no place for it, ErrShutdown
	// after Shutdown, and ErrBroken when the executor is broken.
	SubmitNoWait(job Job) error

	// Submit hands over a job and waits for a place first if there is none, in order of arrival. When ctx ends before
	// that, it returns ctx's error and the job has not been accepted. It blocks the goroutine: a coroutine that calls
	// it may stop its loop.
	Submit(ctx context.Context, job Job) error

	// Shutdown refuses new jobs and waits until those that were accepted have ended. With cancelPending, those that
	// have not started are dropped with ErrShutdown. When ctx ends first, Shutdown returns an error that wraps ctx's
	// and says what is still running; that ends by itself later. It may be called more than once, but not by a job of
	// the same executor, which would wait for itself. It blocks the goroutine, as Submit does.
	Shutdown(ctx context.Context, cancelPending bool) error
}
