//go:build unix && !aix

package websocket

import (
	"context"
	"errors"
)

// Handler is what a connection in the event form calls: see [Conn.Handle].
type Handler interface {
	// Message is called with each message, one after the other. The data is valid
	// until it returns. It runs in a task on the connection's loop and may await;
	// meanwhile no more of this connection is read. An error ends the connection,
	// with its code if it is a [*CloseError] and [StatusInternalError] if not, as
	// for a panic.
	Message(ctx context.Context, c *Conn, t MessageType, data []byte) error
	// Closed is called once, when the connection has ended. It must not await.
	Closed(c *Conn, end *CloseError)
}

var errEvents = errors.New("websocket: the connection is in the event form: its Handler gets the messages")
