//go:build unix && !aix

package websocket

import (
	"context"
	"iter"
	"net"
	"sync"
	"sync/atomic"

	"github.com/gobwas/ws"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aiohttp/internal/upgrade"
)

// MessageType is what a message is.
type MessageType uint8

// The types of messages.
const (
	Text   = MessageType(ws.OpText)   // UTF-8
	Binary = MessageType(ws.OpBinary) // any bytes
)

// String returns "text" or "binary".
func (t MessageType) String() string {
	switch t {
	case Text:
		return "text"
	case Binary:
		return "binary"
	}
	return "no message"
}

// Message is one message.
type Message struct {
	Type MessageType
	Data []byte
}

// Conn is a WebSocket connection.
//
// In a task its calls suspend the task, in a plain goroutine they block. All
// methods are safe from any goroutine: who reads at the same time takes turns,
// and so do those who write, each with a whole message. Control frames are looked
// at while somebody reads, or in the event form; so have somebody read.
type Conn struct {
	way         way
	rules       // of what is received
	subprotocol string
	threshold   int // from which on messages are compressed
	maxQueued   int

	reading  aio.Mutex                // who has it has the decoder
	decoder  *decoder                 // nil while nothing has begun
	reader   *messageReader           // of the message that is read in pieces; nil for none
	receiver atomic.Pointer[receiver] // of the event form
	taker    upgrade.Taker            // who can have the connection's loop look after it
	server   server                   // that tells of its end

	writing aio.Mutex // who has it writes a frame
	closed  atomic.Bool

	mu        sync.Mutex // for the rest
	out       outgoing
	writer    *MessageWriter // of the message that is written in pieces; nil for none
	pings     *pings         // nil before the first
	heartbeat *heartbeat     // nil for none
	stopTimer func()         // of the one that closes what the peer does not; nil before
	end       *CloseError    // how it has ended
}

// Subprotocol returns the one that was agreed on, "" for none.
func (c *Conn) Subprotocol() string { return c.subprotocol }

// NetConn returns the connection underneath, for its addresses. To read or write
// there breaks the protocol.
func (c *Conn) NetConn() net.Conn { return c.way.netConn() }

// Messages ranges over the messages that come, until the peer closes with
// [StatusNormalClosure] or [StatusGoingAway], or without a code. Any other end
// is the last pair's error. Each message's data is the caller's.
func (c *Conn) Messages(ctx context.Context) iter.Seq2[Message, error] {
	return func(yield func(Message, error) bool) {
		for {
			t, data, err := c.Read(ctx)
			switch CloseStatus(err) {
			case StatusNormalClosure, StatusGoingAway, StatusNoStatusReceived:
				return
			}
			if !yield(Message{t, data}, err) || err != nil {
				return
			}
		}
	}
}

// setup begins a connection with what was read behind the handshake already.
func (c *Conn) setup(conn net.Conn, o *Options, unread []byte) {
	c.way = wayOf(conn)
	c.limit = o.messageLimit()
	c.maxQueued = o.queueLimit()
	c.threshold = o.threshold()
	if o.heartbeat() > 0 {
		c.heartbeat = newHeartbeat(c, o.heartbeat())
	}
	if len(unread) > 0 {
		c.decoder = newDecoder(c.rules)
		if n := c.decoder.feed(unread); n < len(unread) {
			c.way = &unreadFirst{c.way, unread[n:]}
		}
	}
}
