//go:build unix && !aix

package aionet

import (
	"context"
	"errors"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/goaio/aio/internal/driver"
	"github.com/goaio/aio/loop"
)

// Listener accepts connections. It is a [net.Listener], so others can serve on
// it: they get [Conn]s.
//
// In a task Accept suspends the task, in a plain goroutine it blocks. Several
// may accept at the same time. All methods are safe from any goroutine.
type Listener struct {
	descriptor
	network network
	socket  *socketFile
}

var _ net.Listener = (*Listener)(nil)

// Listen listens on a TCP or Unix address, as [net.Listen] does: network is
// "tcp", "tcp4", "tcp6" or "unix".
//
// The file of a Unix socket that nobody listens on any more is removed first,
// and Close removes the one that Listen made, unless another has taken its
// place.
func Listen(ctx context.Context, network, address string) (*Listener, error) {
	return listen(ctx, network, address, net.ListenConfig{})
}

func listen(ctx context.Context, network, address string, config net.ListenConfig) (*Listener, error) {
	if network == "unix" {
		if err := removeStale(address, unix.SOCK_STREAM); err != nil {
			return nil, &net.OpError{Op: "listen", Net: network, Addr: &net.UnixAddr{Name: address, Net: network}, Err: err}
		}
	}
	// Package net knows how to listen on every system. What it makes is copied
	// and given back, so that Go's poller does not watch it too.
	made, err := config.Listen(ctx, network, address)
	if err != nil {
		return nil, err
	}
	defer made.Close()
	l := &Listener{}
	if u, is := made.(*net.UnixListener); is {
		u.SetUnlinkOnClose(false)
		l.network = unixStream
		l.socket = socketFileOf(address)
	}
	fd, err := duplicate(made.(interface {
		SyscallConn() (syscallConn, error)
	}))
	if err != nil {
		return nil, &net.OpError{Op: "listen", Net: network, Addr: made.Addr(), Err: err}
	}
	l.fd = fd
	l.in.news.Store(true)
	if l.network == tcp {
		inherit(fd)
	}
	return l, nil
}

// Accept waits for the next connection. A connection that was reset before it
// was accepted is passed over. When the process or the system is out of
// descriptors the error is a net.Error whose Temporary method returns true;
// [Serve] waits for better times then.
func (l *Listener) Accept() (net.Conn, error) {
	c, err := l.AcceptConn(innermost)
	if err != nil {
		return nil, err
	}
	return c, nil
}

// AcceptConn is Accept that a cancel of ctx interrupts, and that returns a
// *Conn. A nil ctx means the innermost scope of the task. A cancel loses no
// connection.
func (l *Listener) AcceptConn(ctx context.Context) (*Conn, error) {
	c := &Conn{}
	if err := l.acceptInto(ctx, c); err != nil {
		return nil, l.wrap("accept", err)
	}
	if home := loop.Current(); home != nil {
		c.settle(home)
	}
	return c, nil
}

// acceptInto makes c, which is new, the next connection. No loop knows it yet.
func (l *Listener) acceptInto(ctx context.Context, c *Conn) error {
	if err := l.begin(ctx, reading); err != nil {
		return err
	}
	defer l.end(reading)
	if l.expired(reading) {
		return os.ErrDeadlineExceeded
	}
	for {
		if err := l.await(ctx, reading); err != nil {
			return err
		}
		l.in.news.Store(false)
		fd, address, err := driver.Accept(l.fd)
		if err == unix.EAGAIN {
			continue
		}
		l.in.news.Store(true) // there may be more
		switch err {
		case nil:
			c.fd, c.network, c.remote = fd, l.network, addressOf(address)
			return nil
		case unix.ECONNABORTED, unix.EPROTO:
		default:
			return err
		}
	}
}

// Close stops listening. Who waits in Accept gets an error for [net.ErrClosed].
func (l *Listener) Close() error {
	if !l.close() {
		return l.wrap("close", net.ErrClosed)
	}
	l.socket.remove()
	return nil
}

// Addr returns the address that is listened on.
func (l *Listener) Addr() net.Addr { return l.localAddr(l.network) }

// SetDeadline sets the time after which Accept fails; the zero time removes it.
func (l *Listener) SetDeadline(t time.Time) error {
	if l.state.Load()&closing != 0 {
		return l.wrap("set", net.ErrClosed)
	}
	l.setDeadline(reading, t)
	return nil
}

func (l *Listener) wrap(op string, err error) error {
	var errno unix.Errno
	if errors.As(err, &errno) {
		err = os.NewSyscallError(op, err)
	} else if !errors.Is(err, net.ErrClosed) && !errors.Is(err, os.ErrDeadlineExceeded) {
		return err // a cancel
	}
	return &net.OpError{Op: op, Net: l.network.String(), Addr: l.Addr(), Err: err}
}
