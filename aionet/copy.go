//go:build unix && !aix

package aionet

import (
	"io"
	"math"
	"os"

	"golang.org/x/sys/unix"

	"github.com/goaio/aio/loop"
)

// copyPiece is how many bytes a copy moves before it lets other tasks of its
// loop run: some hundred microseconds.
const copyPiece = 1 << 20

var (
	_ io.ReaderFrom = (*Conn)(nil)
	_ io.WriterTo   = (*Conn)(nil)
)

// ReadFrom writes what r has until it ends and returns how many bytes that
// were. [io.Copy] and [io.CopyN] call it.
//
// On Linux a regular file is sent with sendfile, or with splice while the peer
// keeps up, from its position on, which ends behind what was sent; another
// connection is forwarded with splice, and the bytes do not pass through the
// process. Pages of a file that are not in memory are first read on the loop's
// thread pool, so a slow disk does not stop the loop, and a task lets others run
// after each megabyte, or two of a file. Anything else is read in the ordinary
// way: a reader that blocks stops the task's loop. That is so with the connections
// of other packages; in a plain goroutine splice serves for those too.
//
// A cancel, a deadline or an error ends it with the exact count, and the
// connection can be used on. Nothing is lost: what was read from another [Conn]
// and could not be written is read from it again. Of other readers it is lost.
func (c *Conn) ReadFrom(r io.Reader) (int64, error) {
	limit := int64(math.MaxInt64)
	source := r
	limited, _ := r.(*io.LimitedReader)
	if limited != nil {
		source, limit = limited.R, limited.N
	}
	if limit <= 0 {
		return 0, nil
	}
	n, handled, err := c.readFromSystem(source, limit)
	if limited != nil {
		limited.N -= n
	}
	if handled {
		return n, err
	}
	if from, is := source.(*Conn); is {
		m, err := from.forward(c, limit-n)
		if limited != nil {
			limited.N -= m
		}
		return n + m, err
	}
	buffer := Borrow()
	defer buffer.Return()
	m, err := io.CopyBuffer(onlyWriter{c}, onlyReader{r}, buffer[:])
	return n + m, err
}

// WriteTo reads until the end of the stream and writes it all to w, and returns
// how many bytes that were. [io.Copy] calls it. In all else it is
// [Conn.ReadFrom]: between connections the bytes do not pass through the
// process on Linux, and what could not be written is read again.
func (c *Conn) WriteTo(w io.Writer) (int64, error) {
	n, handled, err := c.writeToSystem(w)
	if handled {
		return n, err
	}
	m, err := c.forward(w, math.MaxInt64)
	return n + m, err
}

// onlyWriter and onlyReader hide the methods that io.Copy would call instead.
type (
	onlyWriter struct{ io.Writer }
	onlyReader struct{ io.Reader }
)

// forward copies up to limit bytes through a buffer, which it borrows only while
// there are some.
func (c *Conn) forward(w io.Writer, limit int64) (written int64, err error) {
	if err := c.begin(innermost, reading); err != nil {
		return 0, c.wrap("read", err)
	}
	defer c.end(reading)
	var pause pause
	for written < limit {
		if err := c.awaitReadable(); err != nil {
			return written, c.wrap("read", err)
		}
		n, more, err := c.forwardOnce(w, limit-written)
		written += n
		if err != nil || !more {
			return written, err
		}
		if err := pause.after(n); err != nil {
			return written, err
		}
	}
	return written, nil
}

// awaitReadable is for who has the turn to read.
func (c *Conn) awaitReadable() error {
	if c.expired(reading) {
		return os.ErrDeadlineExceeded
	}
	return c.await(innermost, reading)
}

// forwardOnce reads once and writes that. It reports whether there may be more.
func (c *Conn) forwardOnce(w io.Writer, limit int64) (written int64, more bool, err error) {
	buffer := Borrow()
	defer buffer.Return()
	p := buffer[:min(limit, int64(len(buffer)))]
	n := c.reread(p)
	if n == 0 {
		c.in.news.Store(false)
		n, err = c.network.read(c.fd, p)
		if err == unix.EAGAIN {
			return 0, true, nil
		}
		c.in.news.Store(true)
		if err != nil {
			return 0, false, c.wrap("read", err)
		}
		if n == 0 {
			return 0, false, nil
		}
	}
	wrote, err := w.Write(p[:n])
	if wrote < 0 || wrote > n {
		wrote = 0 // the writer is broken; what it took is not known
	}
	if wrote < n && err == nil {
		err = io.ErrShortWrite
	}
	c.giveBack(append([]byte(nil), p[wrote:n]...))
	return int64(wrote), true, err
}

// pause lets other tasks run during a copy that need not wait.
type pause struct{ moved int64 }

// after counts bytes. It returns an error if the task was cancelled.
func (p *pause) after(bytes int64) error {
	if p.moved += bytes; p.moved < copyPiece {
		return nil
	}
	p.moved = 0
	if loop.CurrentTask() == nil {
		return nil
	}
	return loop.Yield(innermost)
}
