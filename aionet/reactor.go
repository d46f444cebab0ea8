//go:build unix && !aix

package aionet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/goaio/aio"
	"github.com/goaio/aio/loop"
)

// reactor is one loop of a server with its connections. What it holds is
// touched on that loop only, but for what is set before it is ready.
type reactor struct {
	server    *Server
	ready     aio.Event // it has begun, or has failed to
	failed    error     // why it has not begun
	loop      *loop.Loop
	task      *loop.Task
	ctx       context.Context // of the group that all its tasks belong to
	stop      aio.Event       // no more connections come
	draining  bool
	conns     timeouts
	open      atomic.Int64 // connections, those on their way to it included
	borrowing borrowing
}

// arrival is a connection that was accepted and that no loop knows yet.
type arrival struct {
	fd      int
	network network
	remote  address
	handler Handler
}

// served is a connection of a server whose handlers are tasks.
type served struct {
	Conn
	link
	events EventHandler // of Events
	due    *served      // behind it in the queue of readable ones
	phase  phase
}

// phase is where a connection of Events is.
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
	defer func() {
		if !r.ready.IsSet() { // a function of OnStart has panicked
			r.failed = errors.New("aionet: a loop of the server ended as it started")
			r.ready.Set()
		}
	}()
	r.loop, r.task = loop.Current(), loop.CurrentTask()
	err := aio.Group(ctx, func(ctx context.Context) error {
		r.ctx = ctx
		for _, fn := range r.server.options.onStart {
			fn(ctx)
		}
		r.ready.Set()
		defer r.borrowing.end()
		return r.stop.Wait(ctx)
	})
	// No task is left, but after a cancel transports may be, which have none.
	// They tell their protocols in the next round.
	r.killAll()
	for ctx := context.WithoutCancel(ctx); r.conns.count() > 0; {
		if aio.Yield(ctx) != nil {
			break
		}
	}
	r.conns.stop()
	return err
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
func (r *reactor) adopt(a arrival) {
	if r.draining || r.ctx.Err() != nil {
		unix.Close(a.fd)
		r.leave()
		return
	}
	a.handler.accepted(r, a)
}

// serve makes an arrival a Conn that the loop knows; nil if it refuses.
func (r *reactor) serve(a arrival) *served {
	c := &served{}
	c.fd, c.network, c.remote = a.fd, a.network, a.remote
	r.joined(&c.link, c)
	if !c.settle(r.loop) {
		r.ended(c)
		return nil
	}
	return c
}

// joined takes a connection into the list.
func (r *reactor) joined(l *link, c connection) {
	l.reactor, l.connection = r, c
	r.conns.join(l, r.loop.Now())
	r.lookAfter()
}

// left forgets a connection that has been closed.
func (r *reactor) left(l *link) {
	l.line.remove(l)
	r.leave()
}

func (r *reactor) leave() {
	r.open.Add(-1)
	r.server.leave()
	r.stopIfDrained()
}

// drain is called on the loop when the server stops.
func (r *reactor) drain() {
	r.draining = true
	r.conns.each(connection.drain)
	r.stopIfDrained()
}

func (r *reactor) stopIfDrained() {
	if r.draining && r.open.Load() == 0 {
		r.stop.Set()
	}
}

// killAll closes the connections under their handlers.
func (r *reactor) killAll() { r.conns.each(func(c connection) { c.kill(ErrServerClosed) }) }

// drain closes a connection that is idle.
func (c *served) drain() {
	if c.phase == resting && !finishing(c.events) {
		c.reactor.ended(c)
	}
}

func (c *served) kill(error) {
	if c.phase == resting || c.phase == queued {
		c.reactor.ended(c)
	} else {
		c.close()
	}
}

func (c *served) heard() bool { return c.state.Load()&heard != 0 }

func (c *served) touched() bool {
	if c.state.And(^touched)&touched != 0 {
		return true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.phase == active && c.in.waiter == nil && c.out.waiter == nil
}

func (c *served) idleLimit(server time.Duration) time.Duration { return idleLimit(c.events, server) }

// handle calls a handler. A panic ends the connection and nothing else.
func (r *reactor) handle(ctx context.Context, c *served, h EventHandler) (open, detached bool) {
	defer func() {
		if value := recover(); value != nil {
			r.log(c, loop.NewPanicError(value))
		}
	}()
	err := h.Event(ctx)
	switch {
	case err == nil:
		return true, false
	case err == ErrDetach:
		return true, true
	case !ordinary(err):
		r.log(c, err)
	}
	return false, false
}

// detach forgets a connection that somebody else has taken over.
func (r *reactor) detach(c *served) {
	c.mu.Lock()
	c.hook = nil
	c.mu.Unlock()
	c.phase = gone
	c.events.Closed()
	r.left(&c.link)
}

// ordinary reports whether an error is how connections end anyway.
func ordinary(err error) bool {
	return errors.Is(err, io.EOF) || aio.IsCancelled(err) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// log tells the loop's exception handler, whose default is the log.
func (r *reactor) log(c *served, err error) {
	r.loop.CallExceptionHandler(loop.Exception{
		Message: fmt.Sprintf("a handler of a connection with %v failed, the connection is closed", c.RemoteAddr()), Err: err})
}

// ended closes a connection and forgets it.
func (r *reactor) ended(c *served) {
	if c.phase == gone {
		return
	}
	c.phase = gone
	c.close()
	if c.events != nil {
		c.events.Closed()
	}
	r.left(&c.link)
}
