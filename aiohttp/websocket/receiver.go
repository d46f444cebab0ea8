//go:build unix && !aix

package websocket

import (
	"context"
	"errors"
	"sync"
)

// receiver is a connection's event form.
type receiver struct {
	handler Handler
	once    sync.Once
	pumped  bool // by a goroutine
}

// onLoop reports whether the connection's loop tells of what comes.
func (r *receiver) onLoop() bool { return r != nil && !r.pumped }

// Handle gives the connection to h, which is called with each message from here
// on, and returns. The request's handler should then return too. It is an error
// if it is called twice.
func (c *Conn) Handle(h Handler) error {
	if c.receiver != nil {
		return errEvents
	}
	c.receiver = &receiver{handler: h, pumped: true}
	go c.pump()
	return nil
}

// pump calls the handler where no loop does.
func (c *Conn) pump() {
	ctx := context.Background()
	for c.ended() == nil {
		t, data, err := c.receive(ctx)
		if err != nil {
			break
		}
		c.receiver.message(ctx, c, t, data)
	}
	c.rest()
}

func (r *receiver) message(ctx context.Context, c *Conn, t MessageType, data []byte) {
	err := r.handler.Message(ctx, c, t, data)
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

// closed tells the handler, once.
func (r *receiver) closed(c *Conn) {
	if r != nil {
		r.once.Do(func() { r.handler.Closed(c, c.ended()) })
	}
}
