//go:build unix && !aix

package websocket

import (
	"context"
	"errors"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsflate"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aionet"
	"github.com/goaio/aio/loop"
)

// NextWriter begins a message whose length need not be known. Close of the writer
// ends it. What is written is sent in fragments of up to 16 KB, each as soon as it
// is full; so the message may be larger than memory, and a peer that does not read
// holds up who writes. A message that fits into one fragment is sent whole.
//
// NextWriter waits for the end of another message that is being written in pieces,
// and until Close all other messages wait for this one. Pings, pongs and the close
// frame go between its fragments. Close of the connection cuts it off.
//
// ctx is for all calls of the writer. A cancel before anything of the message was
// sent has no effect: the message is dropped. Later the connection is closed, for
// half of a message cannot be taken back. So to give a message up, cancel ctx
// before Close.
func (c *Conn) NextWriter(ctx context.Context, t MessageType) (*MessageWriter, error) {
	if err := check(t, nil); err != nil {
		return nil, err
	}
	w := &MessageWriter{conn: c, ctx: ctx, kind: t}
	for {
		before, err := c.begin(w)
		if err != nil {
			return nil, err
		}
		if before == nil {
			w.buffer = aionet.Borrow()
			return w, nil
		}
		if err := before.over.Wait(ctx); err != nil {
			return nil, err
		}
	}
}

// begin makes w the connection's writer, or returns the one that is it.
func (c *Conn) begin(w *MessageWriter) (before *MessageWriter, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.unwritable(); err != nil {
		return nil, err
	}
	if c.writer == nil {
		c.writer = w
		return nil, nil
	}
	return c.writer, nil
}

// MessageWriter writes a message in pieces: see [Conn.NextWriter]. It is not safe
// for concurrent use. After an error all its calls return that.
type MessageWriter struct {
	conn     *Conn
	ctx      context.Context
	kind     MessageType
	text     textChecker
	buffer   *aionet.Buffer  // the next fragment, behind room for its header
	size     int             // of its payload
	deflater *wsflate.Writer // nil without compression
	begun    bool            // something was sent
	err      error

	behind [][]byte  // frames that wait for the end, under the connection's lock
	over   aio.Event // the message has ended, or the connection
}

const (
	headerRoom  = ws.MaxHeaderSize
	maxFragment = len(aionet.Buffer{}) - headerRoom
)

var errWritten = errors.New("websocket: a write after Close of the message")

// Write adds p to the message, and waits if a fragment is full and the system does
// not take it. A text may be cut within a character. With an error that says that
// it is not UTF-8 nothing of p was taken, and the message goes on.
func (w *MessageWriter) Write(p []byte) (int, error) {
	if err := w.usable(); err != nil {
		return 0, err
	}
	if w.kind == Text {
		text := w.text
		if !text.add(p) {
			return 0, errNotUTF8
		}
		w.text = text
	}
	n, err := w.add(p)
	if err != nil {
		return n, w.fail(err)
	}
	return n, nil
}

// Flush sends what was written so far.
func (w *MessageWriter) Flush() error {
	if err := w.usable(); err != nil {
		return err
	}
	err := w.compress()
	for range 2 {
		// The compressor keeps its end mark back; a second one has the first go.
		if err == nil && w.deflater != nil {
			err = w.deflater.Flush()
		}
	}
	if err == nil && w.size > 0 {
		err = w.send(false)
	}
	if err != nil {
		return w.fail(err)
	}
	return nil
}

// Close ends the message and waits until the system has taken it. A second one
// does nothing.
func (w *MessageWriter) Close() error {
	switch err := w.usable(); {
	case err == errWritten:
		return nil
	case err != nil:
		return err
	case !w.text.whole():
		return w.fail(errNotUTF8)
	}
	if err := w.last(); err != nil {
		return w.fail(err)
	}
	w.end(errWritten)
	return nil
}

// usable returns why there can be no more calls. A cancel ends the message.
func (w *MessageWriter) usable() error {
	if w.err == nil && w.ctx != nil && w.ctx.Err() != nil {
		return w.fail(loop.CancelledBy(w.ctx, context.Cause(w.ctx)))
	}
	return w.err
}

// add puts p into fragments, by the compressor if there is one.
func (w *MessageWriter) add(p []byte) (n int, err error) {
	for len(p) > 0 {
		if w.deflater != nil {
			m, err := w.deflater.Write(p)
			return n + m, err
		}
		m := copy(w.payload()[w.size:], p)
		w.size += m
		n += m
		if p = p[m:]; len(p) == 0 {
			break
		}
		if err := w.compress(); err != nil {
			return n, err
		}
		if w.size == maxFragment {
			if err := w.send(false); err != nil {
				return n, err
			}
		}
	}
	return n, nil
}

func (w *MessageWriter) payload() []byte { return w.buffer[headerRoom:] }

// compress begins to compress before the first fragment, if the message is long
// enough by then.
func (w *MessageWriter) compress() error {
	if w.begun || w.deflater != nil || !w.conn.extended || w.size < min(w.conn.threshold, maxFragment) {
		return nil
	}
	w.deflater = deflaters.Get().(*wsflate.Writer)
	w.deflater.Reset(fragments{w})
	plain, start := w.buffer, w.payload()[:w.size]
	defer plain.Return()
	w.buffer, w.size = aionet.Borrow(), 0
	_, err := w.deflater.Write(start)
	return err
}

// fragments puts what was compressed into fragments.
type fragments struct{ w *MessageWriter }

func (f fragments) Write(p []byte) (n int, err error) {
	w := f.w
	for {
		m := copy(w.payload()[w.size:], p[n:])
		w.size += m
		if n += m; n == len(p) {
			return n, nil
		}
		if err := w.send(false); err != nil {
			return n, err
		}
	}
}

// last sends the last fragment.
func (w *MessageWriter) last() error {
	if w.deflater != nil {
		if err := w.deflater.Flush(); err != nil {
			return err
		}
	} else if !w.begun && w.conn.compresses(w.size) {
		return w.conn.write(w.ctx, w, w.conn.encode(nil, w.kind, w.payload()[:w.size]))
	}
	return w.send(true)
}

// send sends a fragment.
func (w *MessageWriter) send(fin bool) error {
	code := ws.OpCode(w.kind)
	if w.begun {
		code = ws.OpContinuation
	}
	payload := w.payload()[:w.size]
	h := newHeader(w.conn.client, w.deflater != nil && !w.begun, code, fin, len(payload))
	if h.Masked {
		ws.Cipher(payload, h.Mask, 0)
	}
	at := headerRoom - ws.HeaderSize(h)
	appendHeader(w.buffer[at:at], h)
	if err := w.conn.write(w.ctx, w, w.buffer[at:headerRoom+w.size]); err != nil {
		return err
	}
	w.begun, w.size = true, 0
	return nil
}

// fail ends the message without its last fragment, and so the connection if there
// was a first.
func (w *MessageWriter) fail(err error) error {
	c := w.conn
	if _, over := c.turn(w); w.begun && over == nil {
		if err == errNotUTF8 {
			c.fail(StatusInternalError, "")
		} else {
			c.broken(err)
		}
	}
	w.end(err)
	return err
}

// end lets the messages go on that have waited for this one.
func (w *MessageWriter) end(err error) {
	w.err = err
	c := w.conn
	c.mu.Lock()
	c.writer = nil
	some := len(w.behind) > 0
	c.out.queue = append(c.out.queue, w.behind...)
	w.behind = nil
	c.mu.Unlock()
	w.over.Set()
	if some {
		c.flush()
	}
	w.buffer.Return()
	if w.deflater != nil {
		deflaters.Put(w.deflater)
	}
	w.buffer, w.deflater = nil, nil
}

// interrupt has nobody wait for the message's end, for nothing is sent any more. It
// is called with the connection's lock held.
func (w *MessageWriter) interrupt() {
	if w == nil {
		return
	}
	for _, frame := range w.behind {
		w.conn.out.size -= len(frame)
	}
	w.behind = nil
	w.over.Set()
}

// isControl reports whether a frame is of a ping, a pong or a close.
func isControl(frame []byte) bool { return ws.OpCode(frame[0] & 0x0f).IsControl() }
