//go:build unix && !aix

package aionet

import (
	"context"
	"slices"

	"github.com/goaio/aio"
	"github.com/goaio/aio/loop"
)

// borrowing has the readable connections of [Events] handled by borrowed
// coroutines. One that has a connection in hand first calls for another if more
// are due, for its handler may await; then it takes one after the other. So as
// long as handlers do not await one coroutine handles all of them, without a
// switch between: who was called for and not needed rests on.
type borrowing struct {
	first, last *served        // the connections that are due
	idle        []*loop.Waiter // coroutines that wait to be borrowed; the last one comes first
	called      bool           // one was called for and has not come yet
	coming      *loop.Waiter   // that one, if it was idle
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
	r.borrowing.push(c)
	if !r.borrowing.called {
		r.call()
	}
}

// hungUp hears that the peer will send no more.
func (c *served) hungUp() {
	if c.phase == active {
		c.reactor.loop.CallSoon(func() {
			if c.phase == active {
				c.events.HungUp()
			}
		})
	}
}

// closed hears that somebody has closed the connection.
func (c *served) closed() {
	if c.phase == resting {
		c.reactor.ended(c)
	}
}

func (e *borrowing) push(c *served) {
	c.phase = queued
	if e.last == nil {
		e.first = c
	} else {
		e.last.due = c
	}
	e.last = c
}

func (e *borrowing) pop() *served {
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
	e := &r.borrowing
	e.called = true
	for n := len(e.idle); n > 0; n = len(e.idle) {
		e.coming = e.idle[n-1]
		e.idle = e.idle[:n-1]
		if e.coming.Wake() {
			return
		}
	}
	e.coming = nil
	aio.Go(r.ctx, r.work)
}

// work is the life of a borrowed coroutine.
func (r *reactor) work(ctx context.Context) error {
	e := &r.borrowing
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
		if e.called && e.coming != nil && e.coming.TakeBack(awaitedEvent, nil) {
			e.called = false
			e.idle = append(e.idle, e.coming)
		}
		if e.ending || len(e.idle) >= maxResting {
			return nil
		}
		if e.rest(ctx) != nil {
			return nil
		}
	}
}

// rest waits to be borrowed.
func (e *borrowing) rest(ctx context.Context) error {
	w, err := loop.NewWaiterFor(ctx, awaitedEvent, nil)
	if err != nil {
		return err
	}
	e.idle = append(e.idle, w)
	err = w.Wait(ctx)
	if err != nil {
		if i := slices.Index(e.idle, w); i >= 0 {
			e.idle = slices.Delete(e.idle, i, i+1)
		}
	}
	return err
}

// event calls the handler for one event.
func (r *reactor) event(ctx context.Context, c *served) {
	if c.phase == gone {
		return
	}
	c.phase = active
	r.loop.Rearm(c.fd, &c.descriptor, loop.Readable) // to hear of a hangup
	open, detached := r.handle(ctx, c, c.events)
	switch {
	case c.phase == gone:
	case detached:
		r.detach(c)
	case !open || r.draining && !finishing(c.events) || c.state.Load()&closing != 0:
		r.ended(c)
	case c.tryUnread():
		r.borrowing.push(c) // behind the others that are due
	default:
		c.phase = resting
		r.loop.Rearm(c.fd, &c.descriptor, loop.Readable)
	}
}

// end has the coroutines that rest end.
func (e *borrowing) end() {
	e.ending = true
	for _, w := range e.idle {
		w.Wake()
	}
	e.idle = nil
}
