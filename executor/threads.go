package executor

import (
	"context"
	"errors"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/loop"
)

// A ThreadPool is an [Executor] whose workers are goroutines: [aio.ThreadPool]
// for registered functions, which it runs as they are, with nothing encoded. It
// is an [aio.Executor] as well, for plain functions through [aio.BlockingOn].
//
// A function on a thread cannot be killed. Its context ends when its caller is
// cancelled; what comes of it then is lost.
type ThreadPool struct {
	*aio.ThreadPool
	latency *histogram
}

// NewThreadPool returns a pool of at most that many workers, as
// [aio.NewThreadPool] does.
func NewThreadPool(workers int, options ...aio.ThreadPoolOption) *ThreadPool {
	return &ThreadPool{ThreadPool: aio.NewThreadPool(workers, options...)}
}

// MeasureLatency has the pool keep the latency of calls from now on, which takes
// some 60 ns each. Call it before the first call.
func (p *ThreadPool) MeasureLatency() { p.latency = &histogram{} }

// Latency returns how long calls took from their submission to their end, as
// far as [ThreadPool.MeasureLatency] has it measured.
func (p *ThreadPool) Latency() Histogram { return p.latency.snapshot() }

// Workers returns how many calls can run at a time.
func (p *ThreadPool) Workers() int { return p.Stats().MaxWorkers }

// Execute implements [Executor].
func (p *ThreadPool) Execute(ctx context.Context, v *Invocation) error {
	job := &threadJob{invocation: v}
	job.ctx, job.stop = context.WithCancelCause(context.WithValue(v.caller, reporterKey{}, reporter(v)))
	if p.latency != nil {
		job.latency, job.begin = p.latency, time.Now()
	}
	on := p.WithPriority(v.Priority())
	var err error
	if v.NoWait() {
		err = on.SubmitNoWait(job)
	} else {
		err = aio.SubmitOn(ctx, on, job)
	}
	if err != nil {
		job.stop(nil)
		return err
	}
	v.OnCancel(func(cause error) {
		job.stop(cause)
		v.Fail(cause)
	})
	return nil
}

// threadJob is an invocation on its way through a thread pool.
type threadJob struct {
	invocation *Invocation
	ctx        context.Context
	stop       context.CancelCauseFunc
	latency    *histogram
	begin      time.Time
}

// Run runs the function, unless its call was cancelled.
func (j *threadJob) Run() {
	defer j.stop(nil)
	if j.latency != nil {
		defer func() { j.latency.add(time.Since(j.begin)) }()
	}
	if j.ctx.Err() != nil {
		j.invocation.Fail(context.Cause(j.ctx))
		return
	}
	j.invocation.Invoke(j.ctx)
}

// Drop ends a call that will never run.
func (j *threadJob) Drop(err error) {
	j.stop(err)
	j.invocation.Fail(err)
}

// runOnThread is Run on a thread pool, without an invocation.
func runOnThread[In, Out any](ctx context.Context, p *ThreadPool, f *Function[In, Out], in In, options []Option) (Out, error) {
	if options == nil && p.latency == nil {
		return aio.BlockingOn(ctx, p.ThreadPool, func(ctx context.Context) (Out, error) { return f.fn(ctx, in) })
	}
	s := settingsOf(options)
	begin := time.Now()
	out, err := aio.BlockingOn(ctx, p.WithPriority(s.priority), func(ctx context.Context) (Out, error) {
		return withinTimeout(ctx, s.timeout, func(ctx context.Context) (Out, error) { return f.fn(ctx, in) })
	})
	if p.latency != nil {
		p.latency.add(time.Since(begin))
	}
	return out, err
}

// withinTimeout runs a function on a context that ends after d, if d is > 0.
func withinTimeout[Out any](ctx context.Context, d time.Duration, fn func(context.Context) (Out, error)) (Out, error) {
	if d <= 0 {
		return fn(ctx)
	}
	timed, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	out, err := fn(timed)
	return out, timeoutOf(ctx, timed, d, err)
}

// timeoutOf turns the error of a function that its timeout has ended into a
// [*aio.TimeoutError].
func timeoutOf(outer, timed context.Context, d time.Duration, err error) error {
	if err == nil || outer.Err() != nil || timed.Err() == nil {
		return err
	}
	if loop.IsCancelled(err) || errors.Is(err, context.DeadlineExceeded) {
		return &aio.TimeoutError{After: d}
	}
	return err
}
