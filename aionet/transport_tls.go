//go:build unix && !aix

package aionet

import (
	"context"
	"crypto/tls"
	"io"
	"net"

	"golang.org/x/sys/unix"

	"github.com/goaio/aio/loop"
)

// transportTLS is the TLS of a transport, by crypto/tls. A [TLSConn] has shaken
// hands before; its [tls.Conn] then reads and writes through the transport, and
// neither waits.
type transportTLS struct {
	tls   *tls.Conn
	ahead []byte // was decrypted by others and not read
	news  bool   // the socket may have something to read
}

// readCiphertext is what crypto/tls reads with.
func (t *Transport) readCiphertext(p []byte) (int, error) {
	s := t.secure
	if !s.news {
		return 0, wouldBlock{}
	}
	n, more, err := t.receiveBytes(p)
	s.news = more
	switch {
	case err == unix.EAGAIN:
		return 0, wouldBlock{}
	case err == nil && n == 0:
		err = io.EOF
	}
	return n, err
}

// writeCiphertext is what crypto/tls writes with, while it holds its locks: it
// calls nobody.
func (t *Transport) writeCiphertext(p []byte) (int, error) {
	if t.is&transportLost != 0 {
		return 0, net.ErrClosed
	}
	return t.put(p)
}

// decrypt is receive under TLS. What crypto/tls has buffered brings no news, so
// there is news until nothing is left of it.
func (t *Transport) decrypt(p []byte) (int, error) {
	s := t.secure
	if n := copy(p, s.ahead); n > 0 {
		s.ahead = s.ahead[n:]
		return n, nil
	}
	n, err := s.tls.Read(p)
	if t.is&transportLost != 0 {
		return 0, unix.EAGAIN // what reading made necessary to send could not be sent
	}
	t.choke() // for the same
	switch {
	case n > 0:
		return n, nil // an error comes again
	case isTemporary(err):
		t.is &^= transportNews
		t.queue.loop.Rearm(t.fd, t, loop.Readable)
		return 0, unix.EAGAIN
	case err == io.EOF:
		err = nil
	}
	return 0, err
}

// encrypt is put under TLS.
func (t *Transport) encrypt(p []byte) (int, error) {
	n, err := t.secure.tls.Write(p)
	if err != nil && t.is&transportLost == 0 {
		err = t.broken("write", err)
	}
	return n, err
}

// handOver makes a transport of a connection that has shaken hands. Nobody may
// read or write meanwhile, or after it.
func (c *TLSConn) handOver(ctx context.Context, l *loop.Loop, p Protocol) (*Transport, error) {
	if err := c.shaking.Lock(ctx); err != nil {
		return nil, err
	}
	defer c.shaking.Unlock()
	if !c.turn.lock.TryLock() {
		return nil, errConnUsed
	}
	defer c.turn.lock.Unlock()
	if !c.writing.TryLock() {
		return nil, errConnUsed
	}
	defer c.writing.Unlock()
	if err := c.flush(ctx); err != nil {
		return nil, err
	}
	fd, err := c.raw.detach(l)
	if err != nil {
		return nil, err
	}
	t := newTransport(transportsOf(l), fd, c.raw.network, c.raw.remote, p)
	t.rare = c.raw.inherited()
	t.is |= transportHeard
	c.give(t)
	return t, nil
}

// give has crypto/tls work on the transport from here on, and calls of c fail.
func (c *TLSConn) give(t *Transport) {
	t.secure = &transportTLS{tls: c.tls, news: true}
	if c.peeked {
		t.secure.ahead = c.one[:]
	}
	c.taken = t
	c.failed = net.ErrClosed
	c.done.Store(false)
}
