package executor

import (
	"context"
	"errors"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/loop"
)

// call is an invocation with its types.
type call[In, Out any] struct {
	Invocation
	fn  func(context.Context, In) (Out, error)
	in  In
	out Out
}

func newCall[In, Out any](ctx context.Context, f *Function[In, Out], in In, options []Option) *call[In, Out] {
	c := &call[In, Out]{fn: f.fn, in: in}
	c.function, c.settings, c.caller = &f.registration, settingsOf(options), ctx
	return c
}

func (c *call[In, Out]) input() ([]byte, error) { return encode(c.function.in, c.in) }

func (c *call[In, Out]) output(data []byte) (err error) {
	c.out, err = decode[Out](c.function.out, data)
	return err
}

func (c *call[In, Out]) run(ctx context.Context) (err error) {
	c.out, err = c.fn(ctx, c.in)
	return err
}

func (c *call[In, Out]) complete(error) {}

// start hands a call to the executor whose caller awaits it.
func (c *call[In, Out]) start(ctx context.Context, on Executor) error {
	if err := cancelledAlready(ctx); err != nil {
		return err
	}
	c.body = c
	c.awaited = true
	return on.Execute(ctx, &c.Invocation)
}

// abandonedAfter is how long a cancelled caller waits for an executor to end
// the call, beyond all graces: only a process that the kernel cannot end, being
// stuck in a driver, takes so long.
const abandonedAfter = 10 * time.Second

// await waits for the end. A cancel of the caller ends the call first.
func (v *Invocation) await(ctx context.Context) error {
	returned := false
	// Deferred, for a task whose loop is closed is unwound from its await.
	defer func() {
		if !returned {
			v.cancel(aio.ErrClosed)
		}
	}()
	if v.assist != nil {
		v.assisted(ctx)
	}
	if l := loop.Current(); l != nil && l.Virtual() {
		l.Hold() // its clock waits for the executor
		defer l.Release()
	}
	err, aborted := v.done.Wait(ctx)
	if aborted {
		err = v.awaitCancelled(ctx, err)
	}
	returned = true
	return err
}

// assisted runs assist, which ends when the call does.
func (v *Invocation) assisted(ctx context.Context) {
	if ctx.Done() != nil {
		defer context.AfterFunc(ctx, func() { v.cancel(causeOf(ctx)) })()
	}
	v.assist()
}

// awaitCancelled ends the call of a caller whose wait was cancelled with err.
func (v *Invocation) awaitCancelled(ctx context.Context, err error) error {
	if !v.cancel(err) {
		return v.done.Err() // it ended just before
	}
	grace := max(v.settings.grace, 0)
	if v.settings.grace < 0 {
		grace = longestGrace
	}
	_ = aio.Cleanup(context.WithoutCancel(ctx), 2*grace+abandonedAfter, func(ctx context.Context) error {
		v.done.Wait(ctx)
		return nil
	})
	if v.done.Completed() {
		if e := v.done.Err(); e == nil || !aio.IsCancelled(e) {
			return e
		}
	}
	return err
}

// longestGrace bounds the wait for a call that has its pool's grace.
const longestGrace = time.Hour

// A Call is a call that was submitted: the future of its value, which any
// number of tasks and goroutines may await, and the handle to cancel it and to
// read its progress. Its methods are safe from any goroutine.
type Call[Out any] struct {
	aio.Future[Out]
	invocation *Invocation
}

// Cancel ends the call with that cause, which may be nil: it leaves the queue,
// or its function is ended as [Function.Run] says. The future then completes
// with an [*aio.CancelledError], which is when the function has ended, on
// threads at once. Cancel reports whether the call was still under way.
func (c *Call[Out]) Cancel(cause error) bool {
	return c.invocation.cancel(loop.NewCancelledError(cause))
}

// submitted is a call of Submit.
type submitted[In, Out any] struct {
	call[In, Out]
	handle Call[Out]
	// ended, which may be nil, is called when the future is complete.
	ended  func()
	detach func() bool // ends the watch of the context
}

func (s *submitted[In, Out]) complete(err error) {
	if s.detach != nil {
		s.detach()
	}
	if err != nil {
		_ = s.handle.SetError(err)
	} else {
		_ = s.handle.SetResult(s.out)
	}
	if s.ended != nil {
		s.ended()
	}
}

func (s *submitted[In, Out]) submit(ctx context.Context, on Executor) (*Call[Out], error) {
	if err := cancelledAlready(ctx); err != nil {
		return nil, err
	}
	s.body = s
	s.handle.invocation = &s.Invocation
	if ctx.Done() != nil {
		s.detach = context.AfterFunc(ctx, func() { s.cancel(causeOf(ctx)) })
	}
	if err := on.Execute(ctx, &s.Invocation); err != nil {
		if s.detach != nil {
			s.detach()
		}
		return nil, err
	}
	return &s.handle, nil
}

// causeOf is the error of what was cancelled with ctx.
func causeOf(ctx context.Context) error {
	cause := context.Cause(ctx)
	if errors.Is(cause, ctx.Err()) {
		cause = nil
	}
	return loop.CancelledBy(ctx, cause)
}
