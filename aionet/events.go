//go:build unix && !aix

package aionet

import (
	"context"

	"github.com/goaio/aio"
	"github.com/goaio/aio/loop"
)

// events has the readable connections of [PerEvent] handled by borrowed
// coroutines. A coroutine that has one in hand first calls for another if more
// are due, for its handler may await; then it takes one after the other. So as
// long as handlers do not await one coroutine handles all of them, without a
// switch between.
type events struct {
	fn          func(ctx context.Context, c *Conn) error
	first, last *served       // the connections that are due
	idle        loop.WaitList // coroutines that wait to be borrowed
	resting     int           // how many they are
	called      bool          // one was called for and has not come yet
	ending      bool
}

// More coroutines than this do not wait for work: they end.
const maxResting = 64

// readable queues the connection. It is called by the reactor's loop.
func (c *served) readable() {
	if c.phase != resting {
		return // the handler will find the news when it returns
	}
	r := c.reactor
	r.events.push(c)
	if !r.events.called {
		r.call()
	}
}

func (e *events) push(c *served) {
	c.phase = queued
	if e.last == nil {
		e.first = c
	} else {
		e.last.due = c
	}
	e.last = c
}

func (e *events) pop() *served {
	c := e.first
	if c == nil {
		return nil
	}
	if e.first = c.due; e.first == nil {
		e.last = nil
	}
	c.due = nil
	return c
}

// call calls for a coroutine.
func (r *reactor) call() {
	r.events.called = true
	if !r.events.idle.WakeFirst() {
		aio.Go(r.ctx, r.work)
	}
}

// work is the life of a borrowed coroutine.
func (r *reactor) work(ctx context.Context) error {
	e := &r.events
	for {
		e.called = false
		for c := e.pop(); c != nil; c = e.pop() {
			if e.first != nil && !e.called {
				r.call()
			}
			r.event(ctx, c)
			if ctx.Err() != nil {
				return nil
			}
		}
		if e.ending || e.resting >= maxResting {
			return nil
		}
		if e.rest(ctx) != nil {
			return nil
		}
	}
}

// rest waits to be borrowed.
func (e *events) rest(ctx context.Context) error {
	w, err := loop.NewWaiter(ctx)
	if err != nil {
		return err
	}
	e.idle.PushBack(w)
	e.resting++
	defer func() {
		e.idle.Remove(w)
		e.resting--
	}()
	return w.Wait(ctx)
}

// event calls the handler for one event.
func (r *reactor) event(ctx context.Context, c *served) {
	if c.phase == gone {
		return
	}
	c.phase = active
	open := r.handle(ctx, c, r.events.fn)
	switch {
	case c.phase == gone:
	case !open || r.draining || c.state.Load()&closing != 0:
		r.ended(c)
	case c.unread():
		r.events.push(c) // behind the others that are due
	default:
		c.phase = resting
		r.loop.Rearm(c.fd, &c.descriptor, loop.Readable)
	}
}

// end has the coroutines that rest end.
func (e *events) end() {
	e.ending = true
	e.idle.WakeAll()
}
