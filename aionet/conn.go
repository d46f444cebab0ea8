//go:build unix && !aix

package aionet

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/goaio/aio"
	"github.com/goaio/aio/internal/driver"
)

// Conn is a stream connection: TCP, or a Unix socket. It is a [net.Conn].
//
// In a task its calls suspend the task, in a plain goroutine they block. A
// cancel of the task, or the end of an [aio.Timeout] around the call, interrupts
// a call that waits: it returns a [*aio.CancelledError], and the connection can
// be used on. A read has then read nothing; its error wraps the CancelledError
// as a temporary net.Error, for libraries. A write returns how much it has
// written.
//
// All methods are safe from any goroutine. A second goroutine that reads, and
// everybody who writes, waits for its turn; of two tasks that read at the same
// time the second gets a [*ConflictError].
type Conn struct {
	descriptor
	remote  address
	network network
}

var _ net.Conn = (*Conn)(nil)

// Read reads what is there, at least one byte, into p, and waits for it if
// nothing is. At the end of the stream it returns [io.EOF], after a deadline an
// error for which errors.Is(err, os.ErrDeadlineExceeded) holds, and after Close
// one for [net.ErrClosed].
func (c *Conn) Read(p []byte) (int, error) { return c.receive(innermost, p) }

// ReadContext is [Conn.Read] that a cancel of ctx interrupts, in a plain
// goroutine too.
func (c *Conn) ReadContext(ctx context.Context, p []byte) (int, error) { return c.receive(ctx, p) }

// receive wraps its errors itself, so that Read is no frame behind the system
// call, as package driver says. So does send.
func (c *Conn) receive(ctx context.Context, p []byte) (int, error) {
	if err := c.begin(ctx, reading); err != nil {
		return 0, c.wrap("read", err)
	}
	defer c.end(reading)
	if c.expired(reading) {
		return 0, c.wrap("read", os.ErrDeadlineExceeded)
	}
	if len(p) == 0 {
		return 0, nil
	}
	if n := c.reread(p); n > 0 {
		return n, nil
	}
	for {
		if !c.in.news.Load() {
			if err := c.await(ctx, reading); err != nil {
				return 0, c.wrap("read", err)
			}
		}
		c.in.news.Store(false)
		n, err := c.network.read(c.fd, p)
		if err == unix.EAGAIN {
			continue
		}
		// A short read has emptied the socket: the next one asks only after more
		// news, which is a system call less for each message.
		if n == len(p) || n == 0 || c.in.over.Load() {
			c.in.news.Store(true)
		}
		switch {
		case err != nil:
			return n, c.wrap("read", err)
		case n == 0:
			return 0, io.EOF
		}
		return n, nil
	}
}

// WaitReadable waits until a Read would not wait: there are bytes, the end, or
// an error. So who waits long needs to hold no buffer meanwhile.
func (c *Conn) WaitReadable(ctx context.Context) error {
	if err := c.begin(ctx, reading); err != nil {
		return c.wrap("read", err)
	}
	defer c.end(reading)
	// News may be of bytes that were read before it was heard.
	for !c.unread() {
		if err := c.await(ctx, reading); err != nil {
			return c.wrap("read", err)
		}
	}
	return nil
}

// awaitNews is WaitReadable that may end too early. It asks the system nothing,
// which is for who reads next anyhow.
func (c *Conn) awaitNews(ctx context.Context) error {
	if err := c.begin(ctx, reading); err != nil {
		return c.wrap("read", err)
	}
	defer c.end(reading)
	if c.unread() {
		return nil
	}
	if err := c.await(ctx, reading); err != nil {
		return c.wrap("read", err)
	}
	return nil
}

// unread reports whether a read would find something. A read that filled its
// buffer has left news that may be none, so the system is asked. The caller has
// the turn to read.
func (c *Conn) unread() bool {
	if r := c.rare.Load(); r != nil && len(r.givenBack) > 0 {
		return true
	}
	if !c.in.news.Load() {
		return false
	}
	c.in.news.Store(false)
	if !driver.Pending(c.fd) {
		return false
	}
	c.in.news.Store(true)
	return true
}

// HungUp reports whether the peer has ended its stream, or the connection is
// broken, as far as the system has said so. Bytes may be left to read.
func (c *Conn) HungUp() bool { return c.in.over.Load() }

// Write writes all of p, in one piece if others write too. If it cannot it
// returns how much it has written, and why.
func (c *Conn) Write(p []byte) (int, error) { return c.send(innermost, p) }

// WriteContext is [Conn.Write] that a cancel of ctx interrupts, in a plain
// goroutine too.
func (c *Conn) WriteContext(ctx context.Context, p []byte) (int, error) { return c.send(ctx, p) }

func (c *Conn) send(ctx context.Context, p []byte) (sent int, err error) {
	if err := c.begin(ctx, writing); err != nil {
		return 0, c.wrap("write", err)
	}
	defer c.end(writing)
	if c.expired(writing) {
		return 0, c.wrap("write", os.ErrDeadlineExceeded)
	}
	for sent < len(p) {
		n, err := c.network.write(c.fd, p[sent:])
		sent += n
		switch {
		case err == nil:
			continue
		case err != unix.EAGAIN:
			return sent, c.wrap("write", err)
		}
		if err := c.awaitWritable(ctx); err != nil {
			return sent, c.wrap("write", err)
		}
	}
	return sent, nil
}

// awaitWritable waits for news after a write for which there was no room. What
// is news by then may be older than that write, so the first time it is only
// cleared, and the system asked once more: a write that finds room, as nearly
// all do, leaves the news alone.
func (c *Conn) awaitWritable(ctx context.Context) error {
	if c.out.news.Swap(false) {
		return nil
	}
	return c.await(ctx, writing)
}

// Close closes the connection. Calls that wait return an error for
// [net.ErrClosed]. What was written is still sent.
func (c *Conn) Close() error {
	if !c.close() {
		return c.wrap("close", net.ErrClosed)
	}
	return nil
}

// CloseRead says that nothing more will be read.
func (c *Conn) CloseRead() error { return c.shutdown(unix.SHUT_RD) }

// CloseWrite ends the stream to the peer, who then reads its end; the other
// direction goes on.
func (c *Conn) CloseWrite() error { return c.shutdown(unix.SHUT_WR) }

func (c *Conn) shutdown(how int) error {
	err := c.use(func(fd int) error { return os.NewSyscallError("shutdown", unix.Shutdown(fd, how)) })
	if err != nil {
		return c.wrap("close", err)
	}
	return nil
}

// SetDeadline sets the deadlines of reads and writes, also of those that wait
// already. After it calls fail until it is moved. The zero time removes it.
func (c *Conn) SetDeadline(t time.Time) error {
	if err := c.SetReadDeadline(t); err != nil {
		return err
	}
	return c.SetWriteDeadline(t)
}

// SetReadDeadline is SetDeadline for reads.
func (c *Conn) SetReadDeadline(t time.Time) error { return c.deadline(reading, t) }

// SetWriteDeadline is SetDeadline for writes.
func (c *Conn) SetWriteDeadline(t time.Time) error { return c.deadline(writing, t) }

func (c *Conn) deadline(turn uint32, t time.Time) error {
	if c.state.Load()&closing != 0 {
		return c.wrap("set", net.ErrClosed)
	}
	c.setDeadline(turn, t)
	return nil
}

// LocalAddr returns the address of this end, a *net.TCPAddr or *net.UnixAddr.
func (c *Conn) LocalAddr() net.Addr { return c.descriptor.localAddr(c.network) }

// RemoteAddr returns the address of the other end, a *net.TCPAddr or
// *net.UnixAddr.
func (c *Conn) RemoteAddr() net.Addr { return c.remote.net(c.network) }

// wrap makes the error of a call: that of package net, but for the end of the
// stream and what ended the caller rather than the call.
func (c *Conn) wrap(op string, err error) error {
	var conflict *ConflictError
	switch {
	case op == "read" && aio.IsCancelled(err):
		return interruption(err)
	case err == io.EOF, aio.IsCancelled(err), errors.As(err, &conflict):
		return err
	}
	if errno, is := err.(unix.Errno); is {
		err = os.NewSyscallError(op, errno)
	}
	return &net.OpError{Op: op, Net: c.network.String(), Source: c.LocalAddr(), Addr: c.RemoteAddr(), Err: err}
}
