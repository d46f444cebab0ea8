//go:build unix && !aix

package aiohttp

import (
	"errors"
	"io"
	"net/http"
	"sync/atomic"
)

// body is the body of a request, read from its connection as the handler reads
// it: what is not read is not received either, so memory is bounded.
//
// Who has the bit beingRead has all but the state. It is no mutex: a handler may
// leave a goroutine behind that reads what does not come, and neither the loop nor
// a Close may wait for that.
type body struct {
	in       *input
	left     int64 // bytes to come of a body with a length, or of a chunk
	chunks   *chunks
	proceed  func() error // says 100 Continue before the first read; nil if nobody waits for it
	err      error        // what every read returns from now on
	state    atomic.Uint32
	finished bool // the end was read, so that the next request follows
}

// The bits of a body's state.
const (
	beingRead  uint32 = 1 << iota
	bodyClosed        // by the handler, or because that has returned
	proceeded         // 100 Continue was said
)

var (
	errBodyClosed       = http.ErrBodyReadAfterClose
	errRequestTwice     = errors.New("aiohttp: a request's body is read twice at the same time")
	errRequestBeingRead = errors.New("aiohttp: the request's body is being read by a goroutine")
)

func (b *body) Read(p []byte) (int, error) {
	before := b.state.Or(beingRead)
	if before&beingRead != 0 {
		return 0, errRequestTwice
	}
	defer b.state.And(^beingRead)
	if before&bodyClosed != 0 {
		return 0, errBodyClosed
	}
	return b.read(p)
}

func (b *body) read(p []byte) (n int, err error) {
	if b.err != nil {
		return 0, b.err
	}
	if b.proceed != nil && b.state.Or(proceeded)&proceeded == 0 {
		if b.err = b.proceed(); b.err != nil {
			return 0, b.err
		}
	}
	if len(p) == 0 {
		return 0, nil
	}
	if b.chunks != nil {
		n, err = b.chunks.read(b.in, p)
	} else {
		if int64(len(p)) > b.left {
			p = p[:b.left]
		}
		n, err = b.in.Read(p)
		if b.left -= int64(n); b.left == 0 {
			err = io.EOF
		} else if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
	}
	b.finished = err == io.EOF
	b.err = err
	return n, err
}

// Close has later reads fail. What is left is dealt with after the handler.
func (b *body) Close() error {
	b.state.Or(bodyClosed)
	return nil
}

// shut has later reads fail, and reports whether somebody is reading.
func (b *body) shut() (beingReadNow bool) { return b.state.Or(bodyClosed)&beingRead != 0 }

// A client may send this much after an answer that did not wait for it. More is
// not read: the connection is closed instead, as net/http does.
const maxDrained = 256 << 10

// drain reads what the handler has left, and reports whether the next request
// follows. It does not if somebody is reading still.
func (b *body) drain() bool {
	before := b.state.Or(bodyClosed | beingRead)
	if before&beingRead != 0 {
		return false
	}
	defer b.state.And(^beingRead)
	switch {
	case b.finished:
		return true
	case b.err != nil, b.proceed != nil && before&proceeded == 0:
		return false // the client may send the body, or may not
	case b.chunks == nil && b.left > maxDrained:
		return false
	}
	scratch := make([]byte, 4<<10)
	for read := 0; read <= maxDrained; {
		n, err := b.read(scratch)
		read += n
		if err != nil {
			return errors.Is(err, io.EOF)
		}
	}
	return false
}
