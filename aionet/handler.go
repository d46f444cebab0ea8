//go:build unix && !aix

package aionet

import (
	"context"
	"errors"

	"github.com/goaio/aio"
)

// Handler is what a server does with its connections. [PerConnection],
// [PerEvent], [Events], [Callbacks] and [Requests] make one, and all but the
// last have a form for TLS.
type Handler interface {
	// accepted is called on the reactor's loop with a connection that is the
	// handler's from here on.
	accepted(r *reactor, a arrival)
}

// PerConnection makes a handler that runs fn in a task of its own for each
// connection. The connection is closed when fn returns. An error that is not
// the end of the stream, nor that of a cancel, goes to the loop's exception
// handler, whose default is the log; so does a panic, with
// its stack, and the server goes on.
func PerConnection(fn func(ctx context.Context, c *Conn) error) Handler { return perConnection(fn) }

type perConnection func(ctx context.Context, c *Conn) error

func (fn perConnection) accepted(r *reactor, a arrival) {
	c := r.serve(a)
	if c == nil {
		return
	}
	c.phase = active // from here to the end
	aio.Go(r.ctx, func(ctx context.Context) error {
		defer r.ended(c)
		r.handle(ctx, c, event{&c.Conn, fn})
		return nil
	})
}

// PerEvent makes a handler that calls fn each time when there is something to
// read and no earlier call of that connection is under way. fn reads what it
// needs, answers, and returns; with nil it waits for the next event, and the
// connection then holds neither a coroutine nor a buffer ([Borrow] has those
// for a call). With an error, [io.EOF] among them, the connection is closed; it
// is told of as with [PerConnection].
//
// fn runs in a task of the server, and may await. What it leaves unread brings
// the next call.
func PerEvent(fn func(ctx context.Context, c *Conn) error) Handler {
	return Events(func(c *Conn) EventHandler { return event{c, fn} })
}

// EventHandler is what [Events] has for each connection.
type EventHandler interface {
	// Event is called as the function of [PerEvent] is.
	Event(ctx context.Context) error
	// HungUp hears on the loop, while Event is under way, that the peer has
	// ended its stream or that the connection is broken: Event need not go on
	// for its sake. It must not await.
	HungUp()
	// Closed hears, once and on the loop, that the connection was closed, or
	// detached. It must not await.
	Closed()
}

// ErrDetach is what Event returns when somebody else has taken the connection
// over: the server forgets it and does not close it.
var ErrDetach = errors.New("aionet: the connection is no longer the server's")

// Events is [PerEvent] with a state for each connection: open is called on its
// loop when a connection was accepted, and must not await.
func Events(open func(c *Conn) EventHandler) Handler { return events(open) }

type events func(c *Conn) EventHandler

func (open events) accepted(r *reactor, a arrival) {
	if c := r.serve(a); c != nil {
		c.events = open(&c.Conn)
		c.hook = c
	}
}

type event struct {
	c  *Conn
	fn func(ctx context.Context, c *Conn) error
}

func (e event) Event(ctx context.Context) error { return e.fn(ctx, e.c) }
func (event) HungUp()                           {}
func (event) Closed()                           {}
