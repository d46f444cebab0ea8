//go:build unix && !aix

package websocket

import (
	"encoding/binary"
	"math/rand/v2"
	"sync"

	"github.com/gobwas/ws"
)

// appendFrame appends a frame. A client's is masked.
func appendFrame(to []byte, client, compressed bool, code ws.OpCode, fin bool, payload []byte) []byte {
	h := newHeader(client, compressed, code, fin, len(payload))
	to = appendHeader(to, h)
	at := len(to)
	to = append(to, payload...)
	if client {
		ws.Cipher(to[at:], h.Mask, 0)
	}
	return to
}

func newHeader(client, compressed bool, code ws.OpCode, fin bool, length int) ws.Header {
	h := ws.Header{Fin: fin, OpCode: code, Length: int64(length), Masked: client}
	if compressed {
		h.Rsv = ws.Rsv(true, false, false)
	}
	if client {
		// The generator is ChaCha8: a peer cannot foretell the mask.
		binary.LittleEndian.PutUint32(h.Mask[:], rand.Uint32())
	}
	return h
}

func appendHeader(to []byte, h ws.Header) []byte {
	w := appender(to)
	_ = ws.WriteHeader(&w, h) // an appender does not fail, and the header is right
	return w
}

type appender []byte

func (a *appender) Write(p []byte) (int, error) {
	*a = append(*a, p...)
	return len(p), nil
}

// Prepared is a message for many connections: it is framed once for all of them,
// and compressed once for those that compress. Safe from any goroutine.
type Prepared struct {
	kind    MessageType
	data    []byte
	plain   []byte // the frame of a server
	once    sync.Once
	deflate []byte // the compressed frame of a server; nil if it would not be smaller
}

// Prepare makes a message for many connections. It copies data.
func Prepare(t MessageType, data []byte) *Prepared {
	p := &Prepared{kind: t}
	p.plain = appendFrame(make([]byte, 0, len(data)+ws.MaxHeaderSize), false, false, ws.OpCode(t), true, data)
	p.data = p.plain[len(p.plain)-len(data):]
	return p
}

// compressed returns the frame for connections that compress.
func (p *Prepared) compressed() []byte {
	p.once.Do(func() {
		if small, err := deflate(p.data); err == nil && len(small) < len(p.data) {
			p.deflate = appendFrame(nil, false, true, ws.OpCode(p.kind), true, small)
		}
	})
	return p.deflate
}

// frame returns the frame for a connection. A client masks each one anew.
func (p *Prepared) frame(c *Conn) []byte {
	switch {
	case c.client:
		return c.encode(nil, p.kind, p.data)
	case c.compresses(len(p.data)):
		if frame := p.compressed(); frame != nil {
			return frame
		}
	}
	return p.plain
}
