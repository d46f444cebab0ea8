//go:build unix && !aix

package websocket

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"

	"github.com/gobwas/ws"

	"github.com/goaio/aio"
)

// Read waits for a message and returns it. The slice is the caller's.
//
// A cancel of ctx, or of the task, leaves the connection as it was: what has come
// of a message by then is kept for the next Read. Any other error is a
// [*CloseError], and says how the connection has ended.
func (c *Conn) Read(ctx context.Context) (MessageType, []byte, error) {
	if err := c.reading.Lock(ctx); err != nil {
		return 0, nil, err
	}
	defer c.reading.Unlock()
	if c.receiver.Load() != nil {
		return 0, nil, errEvents
	}
	c.abandon()
	t, data, err := c.receive(ctx)
	if err == nil {
		data = bytes.Clone(data)
		if data == nil {
			data = []byte{}
		}
	}
	c.rest()
	return t, data, err
}

// rest gives the decoder back if nothing is in it.
func (c *Conn) rest() {
	if r := c.reader; r != nil && len(r.piece) > 0 {
		return
	}
	if d := c.decoder; d != nil && (d.empty() || c.ended() != nil) {
		c.decoder = nil
		d.release()
	}
}

// receive reads until there is a message, which is valid until the next call.
// The caller has the turn to read.
func (c *Conn) receive(ctx context.Context) (MessageType, []byte, error) {
	for {
		if t, data, found, err := c.found(); found || err != nil {
			return t, data, err
		}
		if err := c.more(ctx); err != nil {
			return 0, nil, err
		}
	}
}

// more waits for bytes and reads them.
func (c *Conn) more(ctx context.Context) error {
	if d := c.decoder; d == nil || d.empty() {
		c.rest()
		// Who waits long holds no buffer.
		if err := c.way.WaitReadable(ctx); err != nil {
			return c.readFailed(err)
		}
	}
	return c.readOnce(ctx)
}

// found takes a message out of what has come.
func (c *Conn) found() (t MessageType, data []byte, found bool, err error) {
	for {
		step, t, data, err := c.look()
		switch step {
		case stepMessage:
			return t, data, true, nil
		case stepPiece: // of a message whose reader was abandoned
		case stepLast:
			c.decoder.streaming = false
		default:
			return 0, nil, false, err
		}
	}
}

// look takes the next step of what has come: a message or a piece of one, or
// stepMore. Control frames are seen to.
func (c *Conn) look() (step, MessageType, []byte, error) {
	for {
		if end := c.ended(); end != nil {
			return stepMore, 0, nil, end
		}
		if c.decoder == nil {
			return stepMore, 0, nil, nil
		}
		step, code, payload, bad := c.decoder.next()
		switch step {
		case stepBad:
			c.fail(bad.code, bad.text)
		case stepControl:
			c.control(code, payload)
		default:
			return step, MessageType(code), payload, nil
		}
	}
}

func (c *Conn) control(code ws.OpCode, payload []byte) {
	switch code {
	case ws.OpPing:
		c.enqueue(appendFrame(nil, c.client, false, ws.OpPong, true, payload))
	case ws.OpPong:
		c.pong(payload)
	case ws.OpClose:
		end, bad := parseClose(payload)
		if bad != nil {
			c.fail(bad.code, bad.text)
			return
		}
		c.peerCloses(end)
	}
}

// readOnce reads what is there, and waits if nothing is.
func (c *Conn) readOnce(ctx context.Context) error {
	if c.decoder == nil {
		c.decoder = newDecoder(c.rules)
	}
	n, err := c.way.ReadContext(ctx, c.decoder.space())
	c.decoder.took(n)
	if n > 0 {
		c.heartbeat.hears()
		return nil
	}
	return c.readFailed(err)
}

// readFailed sorts out why a read has failed.
func (c *Conn) readFailed(err error) error {
	if end := c.ended(); end != nil {
		return end
	}
	if aio.IsCancelled(err) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if err == io.EOF {
		c.peerLeaves()
	} else {
		c.broken(err)
	}
	return c.ended()
}

// broken ends the connection because it cannot go on.
func (c *Conn) broken(err error) {
	end := &CloseError{Code: StatusAbnormalClosure, Err: err}
	if errors.Is(err, net.ErrClosed) {
		end.Local = true
	}
	c.finish(end)
}
