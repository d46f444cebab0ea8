package coro

import (
	"iter"

	"github.com/goaio/aio/internal/gid"
)

// A Coroutine is a body that suspends itself and is resumed, or one of a [Ring].
// Its methods are for one goroutine at a time, which need not be the same one
// each time.
//
// A Coroutine has a goroutine of its own from its first Resume to its end. One
// that is left suspended keeps it for ever: stop it.
//
// A body must not suspend while it has the OS thread locked
// (runtime.LockOSThread), and nobody may resume it who has locked or unlocked
// the thread since the first Resume: the runtime ends the program then, and
// nothing can recover that.
type Coroutine struct {
	// Record is the record of the coroutine's goroutine. Set its fields before
	// the first Resume.
	Record gid.Record

	next  func() (struct{}, bool)
	yield func(struct{}) bool // nil before the first Resume and after the end

	at *Coroutine // in whose place it is suspended, see Ring

	running bool
	stopped bool
	ended   bool
	byYield bool // who is suspended in this place called next, and is reached by yield
	leaving bool
}

// New returns a coroutine that will run body. It starts at the first Resume and
// holds no goroutine until then.
func New(body func(*Coroutine)) *Coroutine {
	c := &Coroutine{}
	c.Init(body)
	return c
}

// Init makes a new coroutine of a zero one, where that is part of something
// larger. It must not be copied afterwards.
func (c *Coroutine) Init(body func(*Coroutine)) {
	c.at = c
	// The goroutine is made at the first Resume, so that it takes the thread-lock
	// state, the profiling labels and the testing/synctest bubble of the
	// goroutine that runs it.
	c.next = func() (struct{}, bool) {
		// The first frame on the new goroutine. It is a literal, for a method value
		// would cost another frame of the 2 KB stack.
		// Not iter.Pull's stop: a flag does the same, and a million coroutines
		// need 24 MB less.
		c.next, _ = iter.Pull(func(yield func(struct{}) bool) {
			returned := false
			defer func() {
				gid.Unregister(&c.Record)
				c.next, c.yield = over, nil
				c.running, c.ended = false, true
				if !returned {
					c.repanic(recover())
				}
			}()
			gid.Register(&c.Record)
			c.yield = yield
			body(c)
			returned = true
		})
		return c.next()
	}
}

// Resume runs the body until it suspends or ends, and reports whether it
// suspended. It reports false for a coroutine that has ended, and panics with
// [ErrRunning] if it runs. If the body panics or calls runtime.Goexit, Resume
// panics with a [*PanicError].
//
// Resume and Suspend are small enough to be inlined. That is worth 10 ns each:
// the processor predicts returns from a stack of calls, and after a switch it
// is wrong once for each frame it returns through.
func (c *Coroutine) Resume() (alive bool) {
	if c.running {
		panic(ErrRunning)
	}
	c.running = true
	_, alive = c.next()
	c.running = false
	return alive
}

// repanic hands a panic to iter.Pull together with its stack, which next would
// lose. A Goexit becomes a panic as well: that does not stop the Goexit, but
// iter.Pull recovers the panic, and raises it, and no Goexit, at the resumer.
// Home of a ring may wait in a yield, which raises nothing, and calls next.
func (c *Coroutine) repanic(value any) {
	var failure *PanicError
	if value == nil {
		failure = newGoexitError()
	} else {
		failure = newPanicError(value)
	}
	if c.leaving {
		c.next = func() (struct{}, bool) { panic(failure) }
	}
	panic(failure)
}

// Suspend returns to the resumer, and from there at the next Resume with true,
// or at Stop with false: the body must then unwind and end. From then on every
// Suspend returns false at once. It must be called in the body, on its own
// goroutine.
func (c *Coroutine) Suspend() (ok bool) {
	if !c.running {
		panic("coro: Suspend outside of the body")
	}
	c.yield(struct{}{})
	return !c.stopped
}

// Stop ends the coroutine: a suspended body runs on from its Suspend, which
// returns false, to its end; one that has not started never does. It panics
// with [ErrRunning] if the coroutine runs, and with a [*PanicError] as Resume
// does. Stopping one that has ended does nothing.
func (c *Coroutine) Stop() {
	switch {
	case c.running:
		panic(ErrRunning)
	case c.ended:
	case c.yield == nil:
		c.next = over
		c.ended = true
	default:
		c.stopped, c.yield = true, refuse
		c.running = true
		c.next()
		c.running = false
	}
}

// refuse is yield of a coroutine that is being stopped.
func refuse(struct{}) bool { return false }

// Running reports whether the body runs, or has resumed somebody who does.
func (c *Coroutine) Running() bool { return c.running }

// over is next of a coroutine that has ended.
func over() (struct{}, bool) { return struct{}{}, false }

// Ended reports whether the body has ended or will never start.
func (c *Coroutine) Ended() bool { return c.ended }
