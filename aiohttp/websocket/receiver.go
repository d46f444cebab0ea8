//go:build unix && !aix

package websocket

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/goaio/aio"
)

// receiver is a connection's event form.
type receiver struct {
	handler Handler
	once    sync.Once
	pumped  bool // by a task or a goroutine
	pending bool // something had come before the loop looked
}

// Handle gives the connection to h, which is called with each message from here
// on, and returns. The handler of the request should then return too.
//
// On an aiohttp server, called before that return, the connection goes back to
// its loop, and needs nothing but its own memory while it is idle. A client's
// connection, or one of another server, has a task or a goroutine wait for its
// messages. What is left of a message that is read in pieces is dropped. It is an
// error if it is called twice.
func (c *Conn) Handle(h Handler) error {
	if c.receiver.Load() != nil {
		return errEvents
	}
	if c.reading.TryLock() {
		c.abandon()
		c.reading.Unlock()
	}
	r := &receiver{handler: h, pumped: c.taker == nil, pending: c.decoder != nil}
	if !c.receiver.CompareAndSwap(nil, r) {
		return errEvents
	}
	if c.taker != nil {
		c.taker.Keep(events{c}, r.pending)
		c.taker = nil
		return nil
	}
	aio.Go(aio.Detached(context.Background()), func(ctx context.Context) error {
		c.pump(ctx, r)
		return nil
	}, aio.Name("websocket receiver"))
	return nil
}

// pump calls the handler where no loop does.
func (c *Conn) pump(ctx context.Context, r *receiver) {
	over := false
	// Deferred, for a task whose loop is closed is unwound from its await.
	defer func() {
		if !over {
			c.CloseNow()
		}
	}()
	for {
		t, data, err := c.receive(ctx)
		if over = c.ended() != nil; over {
			break
		}
		if err != nil {
			break
		}
		r.message(ctx, c, t, data)
	}
	c.rest()
}

func (r *receiver) message(ctx context.Context, c *Conn, t MessageType, data []byte) {
	panics := true
	defer func() {
		if panics { // and goes on to
			c.fail(StatusInternalError, "")
		}
	}()
	err := r.handler.Message(ctx, c, t, data)
	panics = false
	if err == nil {
		return
	}
	var end *CloseError
	if errors.As(err, &end) && end.Code.sendable() {
		c.fail(end.Code, end.Reason)
		return
	}
	c.fail(StatusInternalError, "")
}

// onLoop reports whether the connection's loop tells of what comes.
func (r *receiver) onLoop() bool { return r != nil && !r.pumped }

// closed tells the handler, once.
func (r *receiver) closed(c *Conn) { r.once.Do(func() { r.handler.Closed(c, c.ended()) }) }

// events is what the connection's loop calls.
type events struct{ c *Conn }

// Event takes what has come.
func (e events) Event(ctx context.Context) error {
	c := e.c
	r := c.receiver.Load()
	read := r.pending
	r.pending = false
	for {
		if c.closed.Load() {
			return io.EOF
		}
		t, data, found, err := c.found()
		switch {
		case found:
			r.message(ctx, c, t, data)
			continue
		case read:
			c.rest()
			return nil
		case err != nil: // it has ended, and the peer may take a while to see it
			if c.drop(ctx) != nil {
				return io.EOF
			}
		case c.readOnce(ctx) != nil && ctx.Err() != nil:
			return io.EOF
		}
		read = true
	}
}

// HungUp has nothing to do: the next read finds the end.
func (events) HungUp() {}

// Finishing has a server that stops wait for the peer's close frame.
func (e events) Finishing() bool {
	e.c.mu.Lock()
	defer e.c.mu.Unlock()
	return e.c.out.told && !e.c.closed.Load()
}

// Closed hears of the end.
func (e events) Closed() {
	e.c.CloseNow()
	e.c.rest()
	e.c.receiver.Load().closed(e.c)
}
