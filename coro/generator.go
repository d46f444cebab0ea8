package coro

import (
	"errors"
	"fmt"
	"iter"
	"reflect"
	"sync/atomic"

	"github.com/goaio/aio/internal/gid"
)

// A Generator runs a body that yields values of type Y and is sent values of
// type S: PEP 342. Its methods are safe from any goroutine; one that is called
// while the generator runs, by another goroutine or by the body itself, returns
// [ErrRunning] and does nothing else. If the body panics, the method that
// resumed it panics with a [*PanicError]; if it calls runtime.Goexit, the method
// returns one.
//
// A generator that has started holds a goroutine until its body ends. Run it to
// its end or close it. One that is dropped instead leaks the goroutine: no
// cleanup of the garbage collector closes it, because that would run the body's
// deferred functions at any moment, at the same time as the code whose data they
// share.
//
// The body must not yield while it has the OS thread locked
// (runtime.LockOSThread), and a started generator must not be resumed by a
// goroutine that has: the runtime ends the program then.
type Generator[Y, S any] struct {
	coroutine *Coroutine
	outside   outside
	busy      atomic.Bool // from a resume to its return; guards what follows

	started bool
	yielded Y
	sent    S
	thrown  error
	result  error // set when the body has returned

	record gid.Generator

	err atomic.Pointer[error] // what Err returns
}

// NewGenerator returns a generator that will run body. The body starts at the
// first Next and ends the generator when it returns, with its error; nil is the
// normal end.
func NewGenerator[Y, S any](body func(y *Yielder[Y, S]) error) *Generator[Y, S] {
	g := new(Generator[Y, S])
	g.coroutine = New(func(*Coroutine) {
		g.end(body(&Yielder[Y, S]{g}))
	})
	g.outside.coroutine = g.coroutine
	g.coroutine.Record.Owner = &g.record
	g.record.Outside = g.outside.call
	return g
}

// Next runs the body to its next Yield and returns what it yields; the Yield that
// the body was suspended in returns zero. When the body ends, Next returns the
// body's error, or ErrStopIteration if there is none; later calls return
// ErrStopIteration.
func (g *Generator[Y, S]) Next() (Y, error) {
	var zero S
	return g.resume(zero, nil)
}

// Send is Next with a value for the body: the Yield it is suspended in returns
// value. On a generator that has not started, it returns ErrJustStarted unless
// the value is zero.
func (g *Generator[Y, S]) Send(value S) (Y, error) {
	return g.resume(value, nil)
}

// Throw is Next with an error for the body: the Yield it is suspended in returns
// err. If the body returns it, it comes back. On a generator that has not
// started or has ended, it comes back at once, and the former never starts.
func (g *Generator[Y, S]) Throw(err error) (Y, error) {
	if err == nil {
		var zero Y
		return zero, errThrowNil
	}
	var zero S
	return g.resume(zero, err)
}

// Close ends the generator: the Yield it is suspended in returns
// ErrGeneratorExit. It returns nil if the body then returns nil or that error,
// wrapped or not; any other error that the body returns, alone or joined with
// it; and ErrIgnoredExit if the body yields again.
// Closing a generator that has not started or has ended only returns nil.
func (g *Generator[Y, S]) Close() error {
	_, err := g.Throw(ErrGeneratorExit)
	switch {
	case err == nil:
		return ErrIgnoredExit
	case err == ErrStopIteration || isExit(err):
		return nil
	}
	return err
}

// All returns an iterator over what the generator yields from now on. Leaving
// the loop closes the generator. A loop cannot return an error: see Err after
// it. It panics with ErrRunning if the generator is resumed elsewhere meanwhile.
func (g *Generator[Y, S]) All() iter.Seq[Y] {
	return func(yield func(Y) bool) {
		defer g.closeLoop()
		for {
			value, err := g.Next()
			if err == ErrRunning {
				panic(err)
			}
			if err != nil || !yield(value) {
				return
			}
		}
	}
}

func (g *Generator[Y, S]) closeLoop() {
	if err := g.Close(); err != nil && err != ErrRunning {
		g.err.Store(&err)
	}
}

// Err returns the error or the panic with which the body ended, or the error
// with which leaving a loop over All closed it. It is nil if the body has not
// ended, returned nil, or was closed.
func (g *Generator[Y, S]) Err() error {
	if err := g.err.Load(); err != nil {
		return *err
	}
	return nil
}

func (g *Generator[Y, S]) resume(sent S, thrown error) (yielded Y, err error) {
	if !g.busy.CompareAndSwap(false, true) {
		return yielded, ErrRunning
	}
	defer g.settle(&err)
	c := g.coroutine
	if c.Ended() {
		if thrown == nil {
			thrown = ErrStopIteration
		}
		return yielded, thrown
	}
	if !g.started {
		if thrown != nil {
			c.Stop()
			g.fail(thrown)
			return yielded, thrown
		}
		if !reflect.ValueOf(&sent).Elem().IsZero() {
			return yielded, ErrJustStarted
		}
		g.started = true
	}
	g.sent, g.thrown = sent, thrown
	g.record.Resumer = gid.Self()
	alive := c.Resume()
	if g.outside.fn != nil {
		alive = g.outside.serve()
	}
	if !alive {
		return yielded, g.result
	}
	yielded, g.yielded = g.yielded, yielded
	return yielded, nil
}

// end records what the body returned.
func (g *Generator[Y, S]) end(err error) {
	switch {
	case err == nil:
		g.result = ErrStopIteration
		return
	case errors.Is(err, ErrStopIteration):
		err = fmt.Errorf("%w: %v", errLeakedStop, err)
	}
	g.result = err
	g.fail(err)
}

func (g *Generator[Y, S]) fail(err error) {
	if !isExit(err) {
		g.err.Store(&err)
	}
}

// settle ends a resume, whatever its end is, and turns a Goexit of the body into
// the resume's error.
func (g *Generator[Y, S]) settle(err *error) {
	value := recover()
	if p, ok := value.(*PanicError); ok {
		g.fail(p)
		if p.Goexit() {
			*err, value = p, nil
		}
	}
	// A suspended generator must not keep alive whoever resumed it last.
	g.record.Resumer = nil
	g.busy.Store(false)
	if value != nil {
		panic(value)
	}
}
