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
	"github.com/goaio/aio/internal/driver"
)

// PacketConn is a socket for datagrams: UDP, or Unix datagrams. It is a
// [net.PacketConn] and, when it is connected to one peer, a [net.Conn].
// [ListenPacket] and [DialPacket] make one.
//
// In a task its calls suspend the task, in a plain goroutine they block. A
// cancel of the task, or the end of an [aio.Timeout] around the call,
// interrupts a call that waits; nothing has been received or sent then.
//
// A datagram is received whole or cut to the buffer's length, and may be empty:
// n is 0 then, and err nil. An ICMP error, such as of a port that nobody listens
// on, is returned by a later call of a connected socket; errors.Is finds
// [syscall.ECONNREFUSED] in it, and the socket can be used on. For others see
// [PacketConn.ReportErrors].
//
// All methods are safe from any goroutine. Of two tasks that read at the same
// time the second gets a [*ConflictError].
type PacketConn struct {
	descriptor
	network   network
	inet6     bool
	connected bool
	reports   bool // see ReportErrors
	remote    address
	socket    *socketFile
}

var (
	_ net.PacketConn = (*PacketConn)(nil)
	_ net.Conn       = (*PacketConn)(nil)
)

// ErrNotConnected says that a socket for datagrams has no peer of its own: use
// WriteTo.
var ErrNotConnected = errors.New("aionet: the socket is not connected; use WriteTo, or make it with DialPacket")

// ErrConnected says that a socket for datagrams has one peer: use Write.
var ErrConnected = errors.New("aionet: the socket is connected and sends to its peer only; use Write, or make it with ListenPacket")

// ReadFrom waits for a datagram and reads it into p. The address is a
// *net.UDPAddr or *net.UnixAddr, nil of a Unix peer that has none.
func (c *PacketConn) ReadFrom(p []byte) (int, net.Addr, error) {
	n, from, err := c.receive(innermost, p)
	if err != nil {
		return n, nil, err
	}
	return n, c.sender(from), nil
}

// sender returns whom a datagram is from, nil of a Unix peer that has no address.
func (c *PacketConn) sender(from driver.Peer) net.Addr {
	a := addressOfPeer(from)
	if c.network == unixDatagram && a.path == nil {
		return nil
	}
	return a.net(c.network)
}

// ReadFromAddrPort is [PacketConn.ReadFrom] of UDP that allocates nothing. An
// IPv4 address comes as such, whatever the socket's family.
func (c *PacketConn) ReadFromAddrPort(p []byte) (int, netip.AddrPort, error) {
	return c.ReadFromContext(innermost, p)
}

// ReadFromContext is [PacketConn.ReadFromAddrPort] that a cancel of ctx
// interrupts, in a plain goroutine too.
func (c *PacketConn) ReadFromContext(ctx context.Context, p []byte) (int, netip.AddrPort, error) {
	n, from, err := c.receive(ctx, p)
	if err != nil {
		return n, netip.AddrPort{}, err
	}
	return n, addressOfPeer(from).addrPort(), nil
}

// Read reads a datagram, from whomever it is. It returns 0 for an empty one,
// which is not the end.
func (c *PacketConn) Read(p []byte) (int, error) {
	n, _, err := c.receive(innermost, p)
	return n, err
}

func (c *PacketConn) receive(ctx context.Context, p []byte) (int, driver.Peer, error) {
	if err := c.begin(ctx, reading); err != nil {
		return 0, driver.Peer{}, c.wrap("read", nil, err)
	}
	defer c.end(reading)
	if c.expired(reading) {
		return 0, driver.Peer{}, c.wrap("read", nil, os.ErrDeadlineExceeded)
	}
	for {
		if !c.in.news.Load() {
			if err := c.await(ctx, reading); err != nil {
				return 0, driver.Peer{}, c.wrap("read", nil, err)
			}
		}
		c.in.news.Store(false)
		n, from, err := driver.ReceiveFrom(c.fd, p)
		if err != nil {
			if reported := c.reported(); reported != nil {
				c.in.news.Store(true)
				return 0, driver.Peer{}, reported
			}
		}
		if err == unix.EAGAIN {
			continue
		}
		c.in.news.Store(true) // there may be more
		if err != nil {
			err = c.wrap("read", nil, err)
		}
		return n, from, err
	}
}

// WaitReadable waits until a read would not wait: there is a datagram or an
// error. So who waits long needs to hold no buffer meanwhile.
func (c *PacketConn) WaitReadable(ctx context.Context) error {
	if err := c.begin(ctx, reading); err != nil {
		return c.wrap("read", nil, err)
	}
	defer c.end(reading)
	c.in.news.Store(false)
	for !driver.Pending(c.fd) {
		if err := c.await(ctx, reading); err != nil {
			return c.wrap("read", nil, err)
		}
		c.in.news.Store(false)
	}
	c.in.news.Store(true)
	return nil
}

// WriteTo sends a datagram to an address, a *net.UDPAddr or *net.UnixAddr. It
// waits while the system's buffer is full.
func (c *PacketConn) WriteTo(p []byte, to net.Addr) (int, error) {
	peer, err := c.destination(to)
	if err != nil {
		return 0, err
	}
	return c.send(p, &peer)
}

// destination checks where a datagram is to go.
func (c *PacketConn) destination(to net.Addr) (peer driver.Peer, err error) {
	switch to := to.(type) {
	case *net.UDPAddr:
		if c.network == udp && to != nil {
			return c.destinationIP(to.AddrPort())
		}
	case *net.UnixAddr:
		if c.network == unixDatagram && to != nil {
			if err := checkUnixPath(to.Name); err != nil {
				return peer, c.wrap("write", to, err)
			}
			peer.Path = to.Name
		}
	}
	if peer.Path == "" {
		return peer, c.wrap("write", to, &net.AddrError{Err: "no address of the network " + c.network.String(), Addr: addrString(to)})
	}
	return peer, nil
}

func addrString(a net.Addr) string {
	if a == nil {
		return "<nil>"
	}
	return a.Network() + " " + a.String()
}

// WriteToAddrPort is [PacketConn.WriteTo] of UDP that allocates nothing.
func (c *PacketConn) WriteToAddrPort(p []byte, to netip.AddrPort) (int, error) {
	peer, err := c.destinationIP(to)
	if err != nil {
		return 0, err
	}
	return c.send(p, &peer)
}

func (c *PacketConn) destinationIP(to netip.AddrPort) (driver.Peer, error) {
	peer := driver.Peer{IP: to.Addr().As16(), Port: to.Port(), Is4: to.Addr().Unmap().Is4(), Zone: zoneID(to.Addr().Zone())}
	switch {
	case c.network != udp:
		return peer, c.wrap("write", net.UDPAddrFromAddrPort(to), &net.AddrError{Err: "not an address of this network", Addr: to.String()})
	case !to.IsValid() || !c.inet6 && !peer.Is4:
		return peer, c.wrap("write", net.UDPAddrFromAddrPort(to), &net.AddrError{Err: "not an IPv4 address, as this socket needs it", Addr: to.String()})
	}
	return peer, nil
}

// Write sends a datagram to the peer of a connected socket.
func (c *PacketConn) Write(p []byte) (int, error) { return c.send(p, nil) }

func (c *PacketConn) send(p []byte, to *driver.Peer) (int, error) {
	if err := c.checkConnected(to); err != nil {
		return 0, err
	}
	if err := c.sendTurn(p, to); err != nil {
		return 0, c.wrapTo(to, err)
	}
	return len(p), nil
}

// checkConnected refuses a destination of a connected socket, and its lack on
// one that is not.
func (c *PacketConn) checkConnected(to *driver.Peer) error {
	switch {
	case c.connected && to != nil:
		return c.wrapTo(to, ErrConnected)
	case !c.connected && to == nil:
		return c.wrapTo(nil, ErrNotConnected)
	}
	return nil
}

// wrapTo is wrap for a datagram that was to go there; nil is the socket's peer.
func (c *PacketConn) wrapTo(to *driver.Peer, err error) error {
	if to == nil {
		return c.wrap("write", nil, err)
	}
	return c.wrap("write", addressOfPeer(*to).net(c.network), err)
}

func (c *PacketConn) sendTurn(p []byte, to *driver.Peer) error {
	if err := c.begin(innermost, writing); err != nil {
		return err
	}
	defer c.end(writing)
	if c.expired(writing) {
		return os.ErrDeadlineExceeded
	}
	for tries := 0; ; tries++ {
		c.out.news.Store(false)
		err := driver.SendTo(c.fd, p, to, c.inet6)
		switch {
		case err == unix.EAGAIN:
			if err := c.await(innermost, writing); err != nil {
				return err
			}
		case err != nil && c.reports && tries == 0:
			// The error may be one that an earlier datagram brought about, and that
			// a reader is told of.
			c.in.news.Store(true)
		default:
			return err
		}
	}
}

// ReportErrors has reads of a socket that is not connected return ICMP errors
// too: those that datagrams of it have brought about, each as a [*net.OpError]
// whose Addr is whom the datagram was sent to. The socket can be used on after
// each. It is for UDP on Linux; elsewhere the error is [errors.ErrUnsupported].
// Call it before the socket is used.
func (c *PacketConn) ReportErrors() error {
	err := errors.ErrUnsupported
	if c.network == udp {
		err = c.use(func(fd int) error { return driver.ReportErrors(fd, c.inet6) })
	}
	if err != nil {
		return c.wrap("set", nil, err)
	}
	c.reports = true
	return nil
}

// reported takes an error that the system has kept.
func (c *PacketConn) reported() error {
	if !c.reports {
		return nil
	}
	to, is, err := driver.ReceiveError(c.fd)
	if err != nil {
		return nil
	}
	return c.wrap("read", addressOfPeer(to).net(c.network), is)
}

// Close closes the socket, and removes its file if ListenPacket has made one.
// Calls that wait return an error for [net.ErrClosed].
func (c *PacketConn) Close() error {
	if !c.close() {
		return c.wrap("close", nil, net.ErrClosed)
	}
	c.socket.remove()
	return nil
}

// SetDeadline sets the deadlines of reads and writes, as [Conn.SetDeadline].
func (c *PacketConn) SetDeadline(t time.Time) error {
	if err := c.SetReadDeadline(t); err != nil {
		return err
	}
	return c.SetWriteDeadline(t)
}

// SetReadDeadline is SetDeadline for reads.
func (c *PacketConn) SetReadDeadline(t time.Time) error { return c.deadline(reading, t) }

// SetWriteDeadline is SetDeadline for writes.
func (c *PacketConn) SetWriteDeadline(t time.Time) error { return c.deadline(writing, t) }

func (c *PacketConn) deadline(turn uint32, t time.Time) error {
	if c.state.Load()&closing != 0 {
		return c.wrap("set", nil, net.ErrClosed)
	}
	c.setDeadline(turn, t)
	return nil
}

// LocalAddr returns the address of the socket, a *net.UDPAddr or *net.UnixAddr.
func (c *PacketConn) LocalAddr() net.Addr { return c.localAddr(c.network) }

// RemoteAddr returns the address of the peer of a connected socket, else nil.
func (c *PacketConn) RemoteAddr() net.Addr {
	if !c.connected {
		return nil
	}
	return c.remote.net(c.network)
}

// SyscallConn gives access to the descriptor; see [Conn.SyscallConn].
func (c *PacketConn) SyscallConn() (syscall.RawConn, error) {
	wrap := func(op string, err error) error { return c.wrap(op, nil, err) }
	if c.state.Load()&closing != 0 {
		return nil, wrap("raw-control", net.ErrClosed)
	}
	return rawConn{&c.descriptor, wrap}, nil
}

// wrap makes the error of a call, as [Conn.wrap] does. to is whom a datagram
// was sent to, nil for the peer.
func (c *PacketConn) wrap(op string, to net.Addr, err error) error {
	var conflict *ConflictError
	if aio.IsCancelled(err) || errors.As(err, &conflict) {
		return err
	}
	var errno syscall.Errno
	if errors.As(err, &errno) {
		err = os.NewSyscallError(op, errno)
	}
	if to == nil {
		to = c.RemoteAddr()
	}
	return &net.OpError{Op: op, Net: c.network.String(), Source: c.LocalAddr(), Addr: to, Err: err}
}

func addressOfPeer(p driver.Peer) address {
	a := address{ip: p.IP, port: p.Port, is4: p.Is4, zone: p.Zone}
	if p.Path != "" {
		a.path = &p.Path
	}
	return a
}
