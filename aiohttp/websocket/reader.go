//go:build unix && !aix

package websocket

import (
	"context"
	"errors"
	"io"

	"github.com/gobwas/ws/wsflate"
)

// NextReader waits for a message to begin and returns a reader of it, for
// messages of any length in little memory: the connection holds 16 KB of it at a
// time, and what is not read yet is not received, so that the peer waits. Pings
// are answered while somebody reads. A text is checked as it comes, and what
// Options.MaxMessage forbids is noticed then too.
//
// ctx is for the reads of the message too. A cancel before it has begun has no
// effect; a later one ends the reader, but not the connection. The reader returns
// [io.EOF] at the end of the message, and a [*CloseError] when the connection has
// ended before.
//
// A message need not be read to its end: the next call of NextReader, Read or
// Close drops what is left of it, and its reader returns [ErrAbandoned] from then
// on. So let only one goroutine at a time have a reader. It is not safe for
// concurrent use.
func (c *Conn) NextReader(ctx context.Context) (MessageType, io.Reader, error) {
	if err := c.reading.Lock(ctx); err != nil {
		return 0, nil, err
	}
	defer c.reading.Unlock()
	if c.receiver.Load() != nil {
		return 0, nil, errEvents
	}
	defer c.rest()
	c.abandon()
	for c.decoder != nil && c.decoder.streaming {
		if _, _, _, err := c.piece(ctx); err != nil {
			return 0, nil, err
		}
	}
	kind, piece, last, err := c.piece(ctx)
	if err != nil {
		if c.decoder != nil {
			c.decoder.streaming = false // it has not begun
		}
		return 0, nil, err
	}
	r := &messageReader{conn: c, ctx: ctx, kind: kind, piece: piece, last: last}
	if c.decoder.compressed {
		r.inflater = inflaters.Get().(*wsflate.Reader)
		r.inflater.Reset(payload{r})
	}
	c.reader = r
	return kind, r, nil
}

// ErrAbandoned is what the reader of [Conn.NextReader] returns when the connection
// was asked for another message before it had come to its end.
var ErrAbandoned = errors.New("websocket: the rest of this message was dropped, for the connection was asked for the next one")

// piece waits for a piece of a message, which is valid until the decoder is used
// again. The caller has the turn to read.
func (c *Conn) piece(ctx context.Context) (kind MessageType, piece []byte, last bool, err error) {
	for {
		if c.decoder != nil {
			c.decoder.streaming = true
		}
		step, kind, piece, err := c.look()
		switch {
		case err != nil:
			return 0, nil, false, err
		case step == stepLast:
			c.decoder.streaming = false
			return kind, piece, true, nil
		case step == stepPiece:
			return kind, piece, false, nil
		}
		if err := c.more(ctx); err != nil {
			return 0, nil, false, err
		}
	}
}

// abandon ends the reader of a message. The caller has the turn to read, and drops
// the rest of the message.
func (c *Conn) abandon() {
	if r := c.reader; r != nil {
		r.finish(ErrAbandoned)
	}
}

// messageReader reads a message. Its fields are for who has the turn to read.
type messageReader struct {
	conn     *Conn
	ctx      context.Context
	kind     MessageType
	piece    []byte // of the payload, and not read yet; it is in the decoder
	last     bool   // there is no other piece
	text     textChecker
	inflater *wsflate.Reader // nil without compression
	inflated int64           // how much it has given
	broke    error           // why it got no more to decompress
	err      error           // of all reads from now on
}

func (r *messageReader) Read(p []byte) (n int, err error) {
	c := r.conn
	if err := c.reading.Lock(r.ctx); err != nil {
		return 0, err
	}
	defer c.reading.Unlock()
	switch {
	case c.receiver.Load() != nil:
		return 0, errEvents
	case r.err != nil:
		return 0, r.err
	case len(p) == 0:
		return 0, nil
	}
	if n, err = r.read(p); err != nil {
		r.finish(err)
	}
	c.rest()
	return n, err
}

// finish makes err the error of all reads.
func (r *messageReader) finish(err error) {
	r.err, r.piece, r.conn.reader = err, nil, nil
	if r.inflater != nil {
		inflaters.Put(r.inflater)
		r.inflater = nil
	}
}

// read reads and checks a piece.
func (r *messageReader) read(p []byte) (n int, err error) {
	if r.inflater == nil {
		n, err = payload{r}.Read(p)
	} else {
		n, err = r.inflate(p)
	}
	if r.kind == Text && (!r.text.add(p[:n]) || err == io.EOF && !r.text.whole()) {
		return 0, r.fail(&violation{StatusInvalidPayloadData, "a text that is not UTF-8"})
	}
	return n, err
}

// inflate reads a piece of a compressed message.
func (r *messageReader) inflate(p []byte) (n int, err error) {
	n, err = r.inflater.Read(p)
	r.inflated += int64(n)
	switch {
	case r.inflated > r.conn.limit:
		return 0, r.fail(r.conn.tooBig())
	case err == nil:
		return n, nil
	case r.broke != nil:
		return n, r.broke
	case err != io.EOF:
		return 0, r.fail(&violation{StatusInvalidPayloadData, "a message that cannot be decompressed"})
	}
	// Behind the end of what was compressed there may be more of the message.
	for err = r.fill(); err == nil; err = r.fill() {
		r.piece = nil
	}
	return n, err
}

// fail closes the connection because of what has come.
func (r *messageReader) fail(bad *violation) error {
	r.conn.fail(bad.code, bad.text)
	return r.conn.ended()
}

// fill waits until there is something in piece, or for the end: [io.EOF].
func (r *messageReader) fill() (err error) {
	for len(r.piece) == 0 && err == nil {
		if r.last {
			return io.EOF
		}
		_, r.piece, r.last, err = r.conn.piece(r.ctx)
	}
	return err
}

// payload reads the payload of a message as it is on the wire. To read single
// bytes saves the decompressor a buffer.
type payload struct{ r *messageReader }

func (p payload) Read(to []byte) (int, error) {
	if err := p.fill(); err != nil {
		return 0, err
	}
	n := copy(to, p.r.piece)
	p.r.piece = p.r.piece[n:]
	return n, nil
}

func (p payload) ReadByte() (byte, error) {
	if err := p.fill(); err != nil {
		return 0, err
	}
	b := p.r.piece[0]
	p.r.piece = p.r.piece[1:]
	return b, nil
}

func (p payload) fill() error {
	err := p.r.fill()
	if err != nil && err != io.EOF {
		p.r.broke = err
	}
	return err
}
