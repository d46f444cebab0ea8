//go:build unix && !aix

package aionet

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/goaio/aio"
	"github.com/goaio/aio/loop"
)

// Dial connects to an address with a zero [Dialer].
func Dial(ctx context.Context, network, address string) (*Conn, error) {
	return new(Dialer).Dial(ctx, network, address)
}

// Dialer connects to addresses. Its zero value is ready to use. Its methods are
// safe from any goroutine as long as nobody changes the fields.
type Dialer struct {
	// Timeout bounds a dial as a whole, the lookup of names included; 0 means no
	// bound but the context's and the system's.
	Timeout time.Duration

	// LocalAddr is the address to dial from, a *net.TCPAddr, *net.UDPAddr or
	// *net.UnixAddr, as the network is. Of the peer's addresses those of another family are left out.
	LocalAddr net.Addr

	// AttemptDelay is how long an attempt to connect to one of several addresses
	// has before the next one is tried beside it; 0 means RFC 8305's 250 ms.
	AttemptDelay time.Duration

	// KeepAlive is how long a TCP connection is quiet before the system asks
	// whether the peer is still there, and how often it asks then. 0 means 15
	// seconds; with a negative one it does not ask.
	KeepAlive time.Duration

	// LookupNetIP finds the addresses of a host, network being "ip", "ip4" or
	// "ip6"; nil means [aio.LookupNetIP]. Addresses are tried in its order, but
	// with IPv6 and IPv4 in turn.
	LookupNetIP func(ctx context.Context, network, host string) ([]netip.Addr, error)

	// Control, if not nil, is called with each socket before it connects.
	// network is "tcp4", "tcp6" or "unix".
	Control func(network, address string, c syscall.RawConn) error
}

// Dial connects to an address: network is "tcp", "tcp4" or "tcp6" with a
// "host:port", or "unix" with a path; one that begins with @ is Linux's
// abstract kind. The host may be a name, the port a service's such as "http";
// with no host it is this machine.
//
// A name with several addresses is dialled as RFC 8305 has it ("happy
// eyeballs"): IPv6 and IPv4 in turn, the next when an attempt has failed or
// AttemptDelay has passed, until one succeeds; the others are closed. If none
// does the error is a [*DialError] with that of each attempt; for a single
// address it is a [*net.OpError].
//
// In a task Dial suspends the task, and names are looked up on the pool of
// [aio.LookupNetIP]; in a plain goroutine it blocks. A cancel of ctx returns a
// [*aio.CancelledError] and leaves nothing behind.
func (d *Dialer) Dial(ctx context.Context, network, address string) (*Conn, error) {
	var c *Conn
	var unanswered []error
	err := d.within(ctx, func(ctx context.Context) (err error) {
		c, unanswered, err = d.dial(ctx, network, address)
		return err
	})
	if err == os.ErrDeadlineExceeded {
		if len(unanswered) > 0 {
			return nil, &DialError{Network: network, Address: address, Attempts: unanswered}
		}
		return nil, dialError(network, dialled{network, address}, err)
	}
	return c, err
}

// within runs fn within the dialler's timeout, after which it returns
// os.ErrDeadlineExceeded.
func (d *Dialer) within(ctx context.Context, fn func(ctx context.Context) error) error {
	if d.Timeout <= 0 {
		return fn(ctx)
	}
	if loop.Current() == nil {
		// A plain goroutine depends on no loop that runs a user's code, although
		// its context may be one of a task.
		ctx = loop.Carry(ctx, nil, nil)
	}
	err := aio.Timeout(ctx, d.Timeout, fn)
	var over *aio.TimeoutError
	if errors.As(err, &over) {
		return os.ErrDeadlineExceeded
	}
	return err
}

// DialContext is [Dialer.Dial] and [Dialer.DialPacket] in the form that other
// people's libraries take.
func (d *Dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	switch network {
	case "udp", "udp4", "udp6", "unixgram":
		c, err := d.DialPacket(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return c, nil
	}
	c, err := d.Dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return c, nil
}

// dial dials without a timeout. When a cancel ends it, unanswered has the errors
// of the attempts that were made, as if it had been a timeout.
func (d *Dialer) dial(ctx context.Context, network, address string) (c *Conn, unanswered []error, err error) {
	switch network {
	case "tcp", "tcp4", "tcp6":
	case "unix":
		c, err = d.dialUnix(ctx, address)
		return c, nil, err
	default:
		return nil, nil, dialError(network, dialled{network, address}, net.UnknownNetworkError(network))
	}
	addresses, err := d.resolve(ctx, network, address)
	if err != nil {
		return nil, nil, dialError(network, dialled{network, address}, err)
	}
	if len(addresses) == 1 {
		c, err = d.dialTCP(ctx, network, addresses[0])
		return c, nil, err
	}
	delay := d.AttemptDelay
	if delay <= 0 {
		delay = defaultAttemptDelay
	}
	addresses = interleave(addresses)
	c, failed, err := race(ctx, addresses, delay, func(ctx context.Context, to netip.AddrPort) (*Conn, error) {
		return d.dialTCP(ctx, network, to)
	})
	switch {
	case c != nil:
		return c, nil, nil
	case err != nil:
		return nil, timedOut(network, addresses, failed), err
	}
	return nil, nil, &DialError{Network: network, Address: address, Attempts: failed}
}

func (d *Dialer) dialTCP(ctx context.Context, network string, to netip.AddrPort) (*Conn, error) {
	c, err := d.connectTCP(ctx, to)
	if err != nil {
		return nil, dialError(network, net.TCPAddrFromAddrPort(to), err)
	}
	return c, nil
}

func (d *Dialer) connectTCP(ctx context.Context, to netip.AddrPort) (*Conn, error) {
	var local unix.Sockaddr
	if a, is := d.LocalAddr.(*net.TCPAddr); is && a != nil {
		local = localSockaddr(a.AddrPort(), to)
	}
	for try := 0; ; try++ {
		c, err := connect(ctx, tcp, sockaddr(to), local, d.prepare)
		// Linux may give a socket the port that it connects to, if that is among
		// those it gives away, and connects it to itself.
		if err != nil || local != nil || try == 2 || !c.isSelfConnected() {
			return c, err
		}
		_ = c.Close()
	}
}

func (c *Conn) isSelfConnected() bool {
	local, err := unix.Getsockname(c.fd)
	return err == nil && addressOf(local).addrPort() == c.remote.addrPort()
}

// prepare sets what a socket is to have before it connects.
func (d *Dialer) prepare(c *Conn) error {
	network := "unix"
	if c.network == tcp {
		network = "tcp6"
		if c.remote.is4 {
			network = "tcp4"
		}
		inherit(c.fd)
		switch {
		case d.KeepAlive < 0:
			_ = unix.SetsockoptInt(c.fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE, 0)
		case d.KeepAlive > 0:
			keepAlive(c.fd, d.KeepAlive)
		}
	}
	if d.Control == nil {
		return nil
	}
	return d.Control(network, c.RemoteAddr().String(), rawConn{&c.descriptor, c.wrap})
}

func (d *Dialer) dialUnix(ctx context.Context, path string) (*Conn, error) {
	to := &net.UnixAddr{Name: path, Net: "unix"}
	if err := checkUnixPath(path); err != nil {
		return nil, dialError("unix", to, err)
	}
	var local unix.Sockaddr
	if a, is := d.LocalAddr.(*net.UnixAddr); is && a != nil {
		local = &unix.SockaddrUnix{Name: a.Name}
	}
	c, err := connect(ctx, unixStream, &unix.SockaddrUnix{Name: path}, local, d.prepare)
	if err != nil {
		return nil, dialError("unix", to, err)
	}
	return c, nil
}
