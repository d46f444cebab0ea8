//go:build unix && !aix

package aiohttp

import (
	"compress/gzip"
	"errors"
	"io"
	"maps"
	"net/http"
	"sync"
	"sync/atomic"

	"golang.org/x/net/http/httpguts"
)

// deliver gives the response its body, and the connection its future.
func (c *call) deliver() error {
	r := &c.response
	if c.tunnels {
		// What follows is the server's, or nobody's: see Transport.tunnel.
		r.Body = http.NoBody
		return nil
	}
	r.TLS = c.connection.tls
	if r.Close || c.request.Close || r.StatusCode <= 199 || c.transport.DisableKeepAlives {
		c.ends.spoil()
	}
	if r.StatusCode == http.StatusSwitchingProtocols {
		if httpguts.HeaderValuesContainsToken(r.Header["Connection"], "Upgrade") {
			r.Body = c.upgrade()
			return nil
		}
	}
	b := &c.answer
	b.call = c
	switch {
	case c.request.Method == http.MethodHead || bodiless(r.StatusCode) || r.ContentLength == 0:
		r.Body = http.NoBody
		if len(c.connection.in.unread()) > 0 {
			c.ends.spoil()
		}
		c.responseEnded(true)
		c.sender.settle()
		return nil
	case len(r.TransferEncoding) > 0:
		b.chunks = &chunks{trailer: b.addTrailer, folds: true}
	case r.ContentLength > 0:
		b.left = r.ContentLength
	default:
		b.endless = true
	}
	r.Body = b
	if c.gzip && equalFold(r.Header.Get("Content-Encoding"), "gzip") {
		r.Body = &gunzip{body: b}
		delete(r.Header, "Content-Encoding")
		delete(r.Header, "Content-Length")
		r.ContentLength = -1
		r.Uncompressed = true
	}
	return nil
}

// responseBody is read from the connection as its owner reads it: what is not
// read is not received, so memory is bounded.
type responseBody struct {
	call    *call
	left    int64 // of a body with a length
	chunks  *chunks
	endless bool // it ends with the connection

	mu      sync.Mutex
	reading bool
	closed  bool
	ended   bool  // the connection is no longer ours
	err     error // what every read returns from now on
}

var (
	// The text is net/http's.
	errBodyRead  = errors.New("http: read on closed response body")
	errReadTwice = errors.New("aiohttp: a response's body is read twice at the same time")
)

// Read reads what is there, and waits if nothing is. A cancel of the request's
// context ends the response.
func (b *responseBody) Read(p []byte) (int, error) {
	n, err := b.readAlone(p)
	if err == io.EOF {
		b.call.sender.settle()
	}
	return n, err
}

// readAlone refuses who reads at the same time as another.
func (b *responseBody) readAlone(p []byte) (int, error) {
	b.mu.Lock()
	err := b.err
	switch {
	case b.closed:
		err = errBodyRead
	case err == nil && b.reading:
		err = errReadTwice
	}
	if err != nil || len(p) == 0 {
		b.mu.Unlock()
		return 0, err
	}
	b.reading = true
	b.mu.Unlock()
	n, err := 0, errUnwound
	defer func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.reading = false
		if err != nil {
			b.err = err
			b.end(err == io.EOF)
		}
	}()
	n, err = b.read(p)
	return n, err
}

// read is called by one at a time.
func (b *responseBody) read(p []byte) (n int, err error) {
	n, err = b.readHeeding(p)
	if err != nil && err != io.EOF {
		err = b.why(err)
	}
	return n, err
}

func (b *responseBody) readHeeding(p []byte) (n int, err error) {
	c := b.call.connection
	if c.in.from == c.in.to || b.chunks != nil && b.chunks.left == 0 { // it may wait
		ctx, release := heed(b.call.request.Context())
		if release != nil {
			defer release()
		}
		c.reader.ctx = ctx
	}
	switch {
	case b.chunks != nil:
		n, err = b.chunks.read(&c.in, p)
	case b.endless:
		n, err = c.in.Read(p)
	default:
		if int64(len(p)) > b.left {
			p = p[:b.left]
		}
		n, err = c.in.Read(p)
		if b.left -= int64(n); b.left == 0 {
			err = io.EOF
		} else if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
	}
	return n, err
}

// why makes the error of a read.
func (b *responseBody) why(err error) error {
	b.mu.Lock()
	closed := b.closed
	b.mu.Unlock()
	if closed {
		return errBodyRead
	}
	if s := b.call.sender; s != nil && isNetwork(err) {
		if own := s.reason(); own != nil {
			return own // which has closed the connection
		}
	}
	return outcome(b.call.request.Context(), err)
}

// Close gives the connection up unless the rest of the body has come already. It
// does not wait. Who reads meanwhile gets an error.
func (b *responseBody) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.closed:
	case b.reading:
		b.call.connection.close()
	case !b.ended:
		here := b.chunks == nil && !b.endless && b.left == int64(len(b.call.connection.in.unread()))
		b.end(here)
	}
	b.closed = true
	return nil
}

// end gives the connection back. It is called with the lock held.
func (b *responseBody) end(whole bool) {
	if b.ended {
		return
	}
	b.ended = true
	if len(b.call.connection.in.unread()) > 0 && b.left == 0 {
		b.call.ends.spoil() // the server says more than it was asked
	}
	b.call.responseEnded(whole)
}

func (e *ends) spoil() {
	e.mu.Lock()
	e.unusable = true
	e.mu.Unlock()
}

// addTrailer takes what came, announced or not, as net/http does.
func (b *responseBody) addTrailer(trailer http.Header) {
	r := &b.call.response
	if r.Trailer == nil && len(trailer) > 0 {
		r.Trailer = http.Header{}
	}
	maps.Copy(r.Trailer, trailer)
}

// gunzip undoes the compression that the transport has asked for.
type gunzip struct {
	body   *responseBody
	reader *gzip.Reader
	err    error
	closed atomic.Bool // and err is for who reads
}

func (g *gunzip) Read(p []byte) (int, error) {
	if g.closed.Load() {
		return 0, errBodyRead
	}
	if g.err != nil {
		return 0, g.err
	}
	if g.reader == nil {
		if g.reader, g.err = gzip.NewReader(g.body); g.err != nil {
			return 0, g.err
		}
	}
	n, err := g.reader.Read(p)
	if err != nil {
		g.err = err
	}
	return n, err
}

// Close closes the response.
func (g *gunzip) Close() error {
	g.closed.Store(true)
	return g.body.Close()
}
