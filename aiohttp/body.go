//go:build unix && !aix

package aiohttp

import (
	"errors"
	"io"
	"net/http"
	"sync"
)

// body is the body of a request, read from its connection as the handler reads
// it: what is not read is not received either, so memory is bounded.
type body struct {
	mu       sync.Mutex // handlers read in goroutines that outlive them
	in       *input
	left     int64 // bytes to come of a body with a length, or of a chunk
	chunks   *chunks
	proceed  func() error // says 100 Continue before the first read; nil if nobody waits for it
	err      error        // what every read returns from now on
	finished bool         // the end was read, so that the next request follows
	closed   bool         // by the handler, or because that has returned
}

var errBodyClosed = http.ErrBodyReadAfterClose

func (b *body) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return 0, errBodyClosed
	}
	return b.read(p)
}

func (b *body) read(p []byte) (n int, err error) {
	if b.err != nil {
		return 0, b.err
	}
	if b.proceed != nil {
		proceed := b.proceed
		b.proceed = nil
		if b.err = proceed(); b.err != nil {
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
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	return nil
}

// A client may send this much after an answer that did not wait for it. More is
// not read: the connection is closed instead, as net/http does.
const maxDrained = 256 << 10

// drain reads what the handler has left, and reports whether the next request
// follows.
func (b *body) drain() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	switch {
	case b.finished:
		return true
	case b.err != nil, b.proceed != nil:
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
