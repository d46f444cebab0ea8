//go:build unix && !aix

package websocket

import (
	"bytes"
	"sync"
	"unicode/utf8"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsflate"

	"github.com/goaio/aio/aionet"
)

// decoder makes messages of the bytes that a peer sends. It does no input: who
// reads puts bytes into space, says how many in took, and asks for what they
// make with next. So a read can be interrupted anywhere. It is there only while
// something has come that is no whole message yet.
type decoder struct {
	rules
	borrowed *aionet.Buffer
	from, to int // what has come and was not looked at

	header  ws.Header // of the frame that has begun
	inFrame bool
	done    int64 // how much of its payload was taken
	before  int64 // the payload of the message's frames before it

	kind       MessageType // of the message that has begun; 0 for none
	compressed bool
	streaming  bool // the message is given out in pieces
	message    []byte
	inflated   []byte
	control    [ws.MaxControlFramePayloadSize]byte
}

// rules are what a connection's decoder goes by.
type rules struct {
	client   bool // whose peer is a server
	extended bool // compression was agreed on
	limit    int64
}

// step is what next has found.
type step uint8

const (
	stepMore    step = iota // nothing whole: more bytes are needed
	stepMessage             // payload is a message of the kind
	stepPiece               // payload is a piece of a message of the kind, if streaming
	stepLast                // payload is its last piece
	stepControl             // payload is that of a control frame
	stepBad                 // the peer has broken a rule
)

var decoders = sync.Pool{New: func() any { return new(decoder) }}

func newDecoder(r rules) *decoder {
	d := decoders.Get().(*decoder)
	d.rules = r
	d.borrowed = aionet.Borrow()
	return d
}

// What a decoder keeps of the memory for large messages.
const maxKept = 16 << 10

// release gives everything back.
func (d *decoder) release() {
	d.borrowed.Return()
	message, inflated := d.message[:0], d.inflated[:0]
	if cap(message) > maxKept {
		message = nil
	}
	if cap(inflated) > maxKept {
		inflated = nil
	}
	*d = decoder{message: message, inflated: inflated}
	decoders.Put(d)
}

// empty reports whether nothing has begun.
func (d *decoder) empty() bool { return d.from == d.to && !d.inFrame && d.kind == 0 }

func (d *decoder) unread() []byte { return d.borrowed[d.from:d.to] }

// feed adds bytes that were read by somebody else, as far as there is room.
func (d *decoder) feed(p []byte) int {
	n := copy(d.borrowed[d.to:], p)
	d.to += n
	return n
}

// space is where the next bytes go: into the message itself if they are many.
func (d *decoder) space() []byte {
	if d.direct() {
		room := min(d.header.Length-d.done, int64(max(len(d.message), len(d.borrowed))))
		d.message = grow(d.message, int(room))
		return d.message[len(d.message):][:room]
	}
	if d.from == d.to {
		d.from, d.to = 0, 0
	} else if d.from > 0 {
		d.to = copy(d.borrowed[:], d.unread())
		d.from = 0
	}
	return d.borrowed[d.to:]
}

// direct reports whether the next bytes are all of the message.
func (d *decoder) direct() bool {
	return d.inFrame && !d.streaming && d.from == d.to && !d.header.OpCode.IsControl() && d.header.Length-d.done >= int64(len(d.borrowed))
}

// grow makes room for n more bytes: memory is taken as the bytes come, whatever
// the header says.
func grow(p []byte, n int) []byte {
	if cap(p)-len(p) >= n {
		return p
	}
	larger := make([]byte, len(p), max(2*cap(p), len(p)+n))
	copy(larger, p)
	return larger
}

// took says that n bytes were put into what space returned.
func (d *decoder) took(n int) {
	if d.direct() {
		d.append(d.message[len(d.message):][:n])
	} else {
		d.to += n
	}
}

// append adds a piece of the frame's payload to the message, where it may be
// already.
func (d *decoder) append(piece []byte) {
	d.message = append(d.message, piece...)
	d.unmask(d.message[len(d.message)-len(piece):])
}

// unmask decodes the next piece of the payload.
func (d *decoder) unmask(piece []byte) {
	if d.header.Masked {
		ws.Cipher(piece, d.header.Mask, int(d.done))
	}
	d.done += int64(len(piece))
}

// next looks at what has come. What it returns is valid until the next call.
func (d *decoder) next() (step, ws.OpCode, []byte, *violation) {
	if d.streaming && len(d.message) > 0 {
		// It has begun to be put together.
		piece := d.message
		d.message = d.message[:0]
		return stepPiece, ws.OpCode(d.kind), piece, nil
	}
	for {
		if !d.inFrame {
			if whole, bad := d.begin(); bad != nil {
				return stepBad, 0, nil, bad
			} else if !whole {
				return stepMore, 0, nil, nil
			}
		}
		rest := d.header.Length - d.done
		piece := d.unread()
		if int64(len(piece)) > rest {
			piece = piece[:rest]
		}
		if d.header.OpCode.IsControl() {
			if int64(len(piece)) < rest {
				return stepMore, 0, nil, nil // it fits into the buffer
			}
			d.from += len(piece)
			payload := d.control[:copy(d.control[:], piece)]
			d.unmask(payload)
			d.inFrame = false
			return stepControl, d.header.OpCode, payload, nil
		}
		if d.streaming {
			d.from += len(piece)
			d.unmask(piece)
			if d.done == d.header.Length {
				d.endFrame()
			}
			kind := ws.OpCode(d.kind)
			if !d.inFrame && d.header.Fin {
				d.endMessage()
				return stepLast, kind, piece, nil
			} else if len(piece) > 0 {
				return stepPiece, kind, piece, nil
			} else if d.inFrame {
				return stepMore, 0, nil, nil
			}
			continue
		}
		if d.done == 0 && d.header.Fin && len(d.message) == 0 && int64(len(piece)) == rest {
			// A whole message within the buffer needs no copy.
			d.from += len(piece)
			d.unmask(piece)
			d.endFrame()
			return d.finish(piece)
		}
		d.from += len(piece)
		d.append(piece)
		if d.done < d.header.Length {
			return stepMore, 0, nil, nil
		}
		d.endFrame()
		if d.header.Fin {
			message := d.message
			d.message = d.message[:0]
			return d.finish(message)
		}
	}
}

// begin takes a frame's header, if all of it has come, and checks it.
func (d *decoder) begin() (whole bool, bad *violation) {
	p := d.unread()
	if len(p) < ws.MinHeaderSize || len(p) < headerSize(p[1]) {
		return false, nil
	}
	h, err := ws.ReadHeader(bytes.NewReader(p))
	if err != nil {
		return false, &violation{StatusProtocolError, "a length of 2^63 bytes or more"}
	}
	state := ws.StateServerSide
	if d.client {
		state = ws.StateClientSide
	}
	if d.kind != 0 {
		state = state.Set(ws.StateFragmented)
	}
	compressed := false
	if d.extended && h.Rsv1() && !h.OpCode.IsControl() && h.OpCode != ws.OpContinuation {
		compressed = true
		h.Rsv &^= ws.Rsv(true, false, false)
	}
	if err := ws.CheckHeader(h, state); err != nil {
		return false, &violation{StatusProtocolError, err.Error()}
	}
	if !h.OpCode.IsControl() && h.Length > d.limit-d.before {
		return false, d.tooBig()
	}
	d.from += headerSize(p[1])
	d.header, d.inFrame, d.done = h, true, 0
	if h.OpCode == ws.OpText || h.OpCode == ws.OpBinary {
		d.kind, d.compressed = MessageType(h.OpCode), compressed
	}
	return true, nil
}

// endFrame ends a frame of a message.
func (d *decoder) endFrame() {
	d.inFrame = false
	d.before += d.header.Length
}

func (d *decoder) endMessage() { d.kind, d.before = 0, 0 }

func headerSize(second byte) int {
	n := ws.MinHeaderSize
	switch second & 0x7f {
	case 126:
		n += 2
	case 127:
		n += 8
	}
	if second&0x80 != 0 {
		n += 4
	}
	return n
}

func (r rules) tooBig() *violation {
	return &violation{StatusMessageTooBig, "a message of more than " + itoa(r.limit) + " bytes"}
}

// finish completes a message.
func (d *decoder) finish(payload []byte) (step, ws.OpCode, []byte, *violation) {
	kind := d.kind
	d.endMessage()
	if d.compressed {
		var bad *violation
		if payload, bad = d.inflate(payload); bad != nil {
			return stepBad, 0, nil, bad
		}
	}
	if kind == Text && !utf8.Valid(payload) {
		return stepBad, 0, nil, &violation{StatusInvalidPayloadData, "a text that is not UTF-8"}
	}
	return stepMessage, ws.OpCode(kind), payload, nil
}

// inflate decompresses a message, within the limit.
func (d *decoder) inflate(payload []byte) ([]byte, *violation) {
	r := inflaters.Get().(*wsflate.Reader)
	defer inflaters.Put(r)
	r.Reset(bytes.NewReader(payload))
	out := d.inflated[:0]
	for {
		out = grow(out, min(512+len(payload), 64<<10))
		room := int64(cap(out))
		if d.limit < room {
			room = d.limit + 1
		}
		n, err := r.Read(out[len(out):room])
		out = out[:len(out)+n]
		d.inflated = out
		if int64(len(out)) > d.limit {
			return nil, d.tooBig()
		}
		if isEOF(err) {
			return out, nil
		}
		if err != nil {
			return nil, &violation{StatusInvalidPayloadData, "a message that cannot be decompressed"}
		}
	}
}
