//go:build unix && !aix

package websocket

import (
	"context"
	"errors"
	"unicode/utf8"

	"github.com/gobwas/ws"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aionet"
)

// ErrTooSlow is what the calls that do not wait return when the peer does not
// read and more is queued for it than Options.MaxQueued. The connection is
// closed then.
var ErrTooSlow = errors.New("websocket: the peer does not read what it is sent, its connection is closed")

var errNotUTF8 = errors.New("websocket: a text message must be UTF-8; send it as Binary")

// Write sends a message and waits until the system has taken it.
//
// A cancel before anything of it was sent has no effect. Later, half of a message
// cannot be taken back: the connection is closed then. Of a connection that has ended
// the error is a [*CloseError]. A text that is not UTF-8 is refused, and nothing sent.
func (c *Conn) Write(ctx context.Context, t MessageType, data []byte) error {
	if err := check(t, data); err != nil {
		return err
	}
	b := aionet.Borrow()
	defer b.Return()
	return c.write(ctx, nil, c.encode(b[:0], t, data))
}

// WritePrepared is Write with a message that was prepared for many.
func (c *Conn) WritePrepared(ctx context.Context, p *Prepared) error {
	return c.write(ctx, nil, p.frame(c))
}

func check(t MessageType, data []byte) error {
	switch {
	case t == Text && !utf8.Valid(data):
		return errNotUTF8
	case t != Text && t != Binary:
		return errors.New("websocket: a message is Text or Binary")
	}
	return nil
}

// encode appends a message's frame.
func (c *Conn) encode(to []byte, t MessageType, data []byte) []byte {
	if c.compresses(len(data)) {
		if small, err := deflate(data); err == nil && len(small) < len(data) {
			return appendFrame(to, c.client, true, ws.OpCode(t), true, small)
		}
	}
	return appendFrame(to, c.client, false, ws.OpCode(t), true, data)
}

func (c *Conn) compresses(size int) bool { return c.extended && size >= c.threshold }

// write sends a frame: of a message that is written in pieces, or of another for
// nil, which waits for the end of such a one.
func (c *Conn) write(ctx context.Context, of *MessageWriter, frame []byte) error {
	for {
		if err := c.writing.Lock(ctx); err != nil {
			return err
		}
		before, err := c.turn(of)
		if err == nil && before == nil {
			break
		}
		c.release()
		if err != nil {
			return err
		}
		if err := before.over.Wait(ctx); err != nil {
			return err
		}
	}
	if err := c.writeQueued(ctx); err != nil {
		return err
	}
	sent, err := c.way.WriteContext(ctx, frame)
	if err != nil {
		return c.writeFailed(sent, err)
	}
	c.release()
	return nil
}

// writeQueued sends what goes before a frame. It gives the turn up if it fails.
func (c *Conn) writeQueued(ctx context.Context) error {
	c.mu.Lock()
	none := len(c.out.queue) == 0
	c.mu.Unlock()
	if none {
		return nil
	}
	b := aionet.Borrow()
	defer b.Return()
	for {
		batch := c.takeQueued(b[:0])
		if len(batch) == 0 {
			return nil
		}
		if sent, err := c.way.WriteContext(ctx, batch); err != nil {
			if sent == 0 && c.intact(err) {
				c.putBack(batch)
			}
			return c.writeFailed(sent, err)
		}
	}
}

// intact reports whether a write that has sent nothing was only interrupted.
func (c *Conn) intact(err error) bool {
	_, ours := c.way.netConn().(asynchronous)
	return ours && aio.IsCancelled(err)
}

// writeFailed gives the turn up after a write that was not complete.
func (c *Conn) writeFailed(sent int, err error) error {
	if sent > 0 || !c.intact(err) {
		c.broken(err)
		if !aio.IsCancelled(err) {
			err = c.ended()
		}
	}
	c.release()
	return err
}

// turn returns the message in pieces that a frame has to wait for, nil for none,
// or why nothing can be written any more.
func (c *Conn) turn(of *MessageWriter) (before *MessageWriter, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.unwritable(); err != nil {
		return nil, err
	}
	if c.writer != of {
		before = c.writer
	}
	return before, nil
}

// unwritable returns why nothing can be written any more. It is called with the
// lock held.
func (c *Conn) unwritable() error {
	switch {
	case c.end != nil:
		return c.end
	case c.out.told:
		return &CloseError{Code: StatusNormalClosure, Local: true}
	}
	return nil
}
