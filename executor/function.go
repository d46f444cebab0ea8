package executor

import (
	"context"
	"reflect"

	"github.com/goaio/aio"
)

// A Function is a function that every process of the program knows by its name.
// [Func] makes one.
type Function[In, Out any] struct {
	registration
	fn func(context.Context, In) (Out, error)
}

// Func registers fn under a name and returns it in a form that runs on
// executors. Call it in a package variable, so that a worker process, which is
// the same program, has it too before [Main] looks for it:
//
//	var Thumb = executor.Func("thumb", thumb)
//
// In and Out cross to another process as CBOR, in which structs have their
// exported fields; []byte goes as it is, and so does what a [Codec] takes. On
// threads nothing is encoded. Func panics when the name is taken or empty.
func Func[In, Out any](name string, fn func(context.Context, In) (Out, error)) *Function[In, Out] {
	f := &Function[In, Out]{fn: fn}
	f.registration = registration{
		name: name, in: reflect.TypeFor[In](), out: reflect.TypeFor[Out](), where: whereIs(fn), serve: f.serveEncoded,
	}
	registered.add(&f.registration)
	return f
}

// Name returns the name under which the function is registered.
func (f *Function[In, Out]) Name() string { return f.name }

// Call runs the function here and now, as it was registered.
func (f *Function[In, Out]) Call(ctx context.Context, in In) (Out, error) { return f.fn(ctx, in) }

// Run runs the function on an executor and awaits it: a task is suspended, a
// goroutine blocks. It waits for a place first when the executor's queue is
// full. Do not change what in refers to before Run has returned.
//
// A cancel of ctx takes the call out of the queue, or ends the function: on a
// process pool Run returns the [*aio.CancelledError] when the function has
// returned or its process is dead, which [Grace] bounds. A thread cannot be
// killed: there Run returns at once and the function goes on until it looks at
// its context. Safe from any goroutine.
//
// An error of the function comes back as a [*RemoteError] from another process,
// a panic as an [*aio.PanicError]; a worker that died is a [*WorkerError].
func (f *Function[In, Out]) Run(ctx context.Context, on Executor, in In, options ...Option) (Out, error) {
	if pool, ok := on.(*ThreadPool); ok {
		return runOnThread(ctx, pool, f, in, options)
	}
	c := newCall(ctx, f, in, options)
	if err := c.start(ctx, on); err != nil {
		var zero Out
		return zero, err
	}
	if err := c.await(ctx); err != nil {
		var zero Out
		return zero, err
	}
	return c.out, nil
}

// Submit hands a call to an executor and returns it as a future. When there is
// no place in the executor's queue it waits for one first; a cancel of ctx then
// returns a [*aio.CancelledError], and nothing was submitted.
//
// The call belongs to ctx: it is cancelled when ctx is, by [Call.Cancel], and
// not by a cancel of whoever awaits it. Safe from any goroutine.
func (f *Function[In, Out]) Submit(ctx context.Context, on Executor, in In, options ...Option) (*Call[Out], error) {
	c := &submitted[In, Out]{call: *newCall(ctx, f, in, options)}
	return c.submit(ctx, on)
}

// SubmitNoWait is Submit that does not wait for a place: it returns
// [aio.ErrQueueFull] when there is none.
func (f *Function[In, Out]) SubmitNoWait(ctx context.Context, on Executor, in In, options ...Option) (*Call[Out], error) {
	c := &submitted[In, Out]{call: *newCall(ctx, f, in, options)}
	c.settings.noWait = true
	return c.submit(ctx, on)
}

// Bind returns the call of the function with an input, to be made later: it is
// what a [ProcessPoolOptions.Initializer] is.
func (f *Function[In, Out]) Bind(in In) *Bound {
	return &Bound{name: f.name, encode: func() ([]byte, error) { return encode(f.in, in) }}
}

// Bound is a function with its input.
type Bound struct {
	name   string
	encode func() ([]byte, error)
}

// cancelledAlready returns the error of an await with a context that is
// cancelled.
func cancelledAlready(ctx context.Context) error {
	if ctx.Err() == nil {
		return nil
	}
	return aio.Yield(ctx)
}

// serveEncoded runs the function in a worker process.
func (f *Function[In, Out]) serveEncoded(ctx context.Context, input []byte) ([]byte, error) {
	in, err := decode[In](f.in, input)
	if err != nil {
		return nil, err
	}
	out, err := f.fn(ctx, in)
	if err != nil {
		return nil, err
	}
	return encode(f.out, out)
}
