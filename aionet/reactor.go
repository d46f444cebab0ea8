//go:build unix && !aix

package aionet

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"syscall"

	"github.com/goaio/aio"
	"github.com/goaio/aio/loop"
)

// reactor is one loop of a server with its connections. What it holds is
// touched on that loop only, but for what is set before it is ready.
type reactor struct {
	server   *Server
	ready    aio.Event // it has begun, or has failed to
	failed   error     // why it has not begun
	loop     *loop.Loop
	task     *loop.Task
	ctx      context.Context // of the group that all its tasks belong to
	stop     aio.Event       // no more connections come
	draining bool
	conns    connList
	events   events
}

// served is a connection of a server.
type served struct {
	Conn
	reactor    *reactor
	prev, next *served // in the reactor's list
	due        *served // behind it in the queue of readable ones
	phase      phase
}

// phase is where a connection of PerEvent is.
type phase uint8

const (
	resting phase = iota // waits for an event
	queued               // has one, and waits for a coroutine
	active               // its handler runs
	gone                 // closed
)

// run is the reactor's task.
func (r *reactor) run(ctx context.Context) error {
	defer r.server.reactorEnded()
	r.loop, r.task = loop.Current(), loop.CurrentTask()
	return aio.Group(ctx, func(ctx context.Context) error {
		r.ctx = ctx
		r.ready.Set()
		defer r.events.end()
		return r.stop.Wait(ctx)
	})
}

// runEnded hears how the loop has ended that was made for the reactor.
func (r *reactor) runEnded(err error) {
	if r.loop == nil {
		r.failed = err
		r.server.reactorEnded()
		r.ready.Set()
	}
}

// adopt takes a connection over. It is called on the loop.
func (r *reactor) adopt(c *served) {
	if r.draining || r.ctx.Err() != nil || !c.settle(r.loop) {
		c.close()
		r.server.open.Add(-1)
		return
	}
	c.reactor = r
	r.conns.push(c)
	r.server.handler.accepted(r, c)
}

// drain is called on the loop when the server stops.
func (r *reactor) drain() {
	r.draining = true
	for c := r.conns.first; c != nil; {
		next := c.next
		r.server.handler.draining(r, c)
		c = next
	}
	r.stopIfDrained()
}

func (r *reactor) stopIfDrained() {
	if r.draining && r.conns.count == 0 {
		r.stop.Set()
	}
}

// closeAll closes the connections under their handlers.
func (r *reactor) closeAll() {
	for c := r.conns.first; c != nil; c = c.next {
		c.close()
	}
}

// handle calls a handler. A panic ends the connection and nothing else.
func (r *reactor) handle(ctx context.Context, c *served, fn func(context.Context, *Conn) error) (open bool) {
	defer func() {
		if value := recover(); value != nil {
			r.log(c, loop.NewPanicError(value))
		}
	}()
	err := fn(ctx, &c.Conn)
	if err == nil {
		return true
	}
	if !ordinary(err) {
		r.log(c, err)
	}
	return false
}

// ordinary reports whether an error is how connections end anyway.
func ordinary(err error) bool {
	return errors.Is(err, io.EOF) || aio.IsCancelled(err) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

func (r *reactor) log(c *served, err error) {
	slog.Error("aionet: a handler failed, its connection is closed", "error", err, "peer", c.RemoteAddr())
}

// ended closes a connection and forgets it.
func (r *reactor) ended(c *served) {
	if c.phase == gone {
		return
	}
	c.phase = gone
	r.conns.remove(c)
	c.close()
	r.server.open.Add(-1)
	r.stopIfDrained()
}

// connList is a reactor's connections, in no order that matters.
type connList struct {
	first *served
	count int
}

func (l *connList) push(c *served) {
	if c.next = l.first; c.next != nil {
		c.next.prev = c
	}
	l.first = c
	l.count++
}

func (l *connList) remove(c *served) {
	if c.prev != nil {
		c.prev.next = c.next
	} else {
		l.first = c.next
	}
	if c.next != nil {
		c.next.prev = c.prev
	}
	c.prev, c.next = nil, nil
	l.count--
}
