//go:build unix && !aix

package aionet

import (
	"io"
	"net"

	"golang.org/x/sys/unix"
)

// wouldBlock is the error of a read that would have to wait. It is a temporary
// one, after which crypto/tls goes on where it stopped.
type wouldBlock struct{}

func (wouldBlock) Error() string   { return "aionet: nothing to read at the moment" }
func (wouldBlock) Timeout() bool   { return false }
func (wouldBlock) Temporary() bool { return true }

var _ net.Error = wouldBlock{}

// tryBegin takes the turn if it is free. err is set when the file is closed.
func (d *descriptor) tryBegin(turn uint32) (mine bool, err error) {
	for {
		s := d.state.Load()
		switch {
		case s&closing != 0:
			return false, net.ErrClosed
		case s&(turn|turn<<queueOf) != 0:
			return false, nil
		case d.state.CompareAndSwap(s, s|turn):
			return true, nil
		}
	}
}

// tryUnread is unread for who has not the turn. While somebody else reads the
// answer is no.
func (c *Conn) tryUnread() bool {
	if c.rare.Load() == nil && !c.in.news.Load() {
		return false
	}
	if mine, _ := c.tryBegin(reading); !mine {
		return false
	}
	defer c.end(reading)
	return c.unread()
}

// tryRead is Read that returns wouldBlock instead of waiting. It is for
// connections that are registered with a loop: only news lets it ask.
func (c *Conn) tryRead(p []byte) (int, error) {
	mine, err := c.tryBegin(reading)
	if err != nil {
		return 0, err
	}
	if !mine {
		return 0, wouldBlock{}
	}
	defer c.end(reading)
	if n := c.reread(p); n > 0 {
		return n, nil
	}
	if !c.in.news.Load() {
		return 0, wouldBlock{}
	}
	c.in.news.Store(false)
	n, err := c.network.read(c.fd, p)
	switch {
	case err == unix.EAGAIN:
		return 0, wouldBlock{}
	case n == len(p) || n == 0 || c.in.over.Load():
		c.in.news.Store(true)
	}
	if n == 0 && err == nil {
		err = io.EOF
	}
	return n, err
}

// tryWrite writes as much as the system takes at once, and nothing while
// somebody else writes.
func (c *Conn) tryWrite(p []byte) (sent int, err error) {
	mine, err := c.tryBegin(writing)
	if !mine {
		return 0, err
	}
	defer c.end(writing)
	for sent < len(p) {
		c.out.news.Store(false)
		n, err := c.network.write(c.fd, p[sent:])
		sent += n
		if err == unix.EAGAIN {
			return sent, nil
		}
		if err != nil {
			return sent, err
		}
	}
	return sent, nil
}
