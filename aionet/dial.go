//go:build unix && !aix

package aionet

import (
	"context"
	"net"
	"net/netip"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/goaio/aio"
)

// Dial connects to a TCP or Unix address. A cancel of ctx leaves nothing behind.
func Dial(ctx context.Context, network, address string) (*Conn, error) {
	if network == "unix" {
		c, err := connect(ctx, unixStream, &unix.SockaddrUnix{Name: address}, nil)
		return c, dialError(network, &net.UnixAddr{Name: address, Net: network}, err)
	}
	host, service, err := net.SplitHostPort(address)
	if err != nil {
		return nil, dialError(network, nil, err)
	}
	port, err := strconv.ParseUint(service, 10, 16)
	if err != nil {
		return nil, dialError(network, nil, err)
	}
	var addresses []netip.Addr
	if ip, err := netip.ParseAddr(host); err == nil {
		addresses = []netip.Addr{ip}
	} else if addresses, err = aio.LookupNetIP(ctx, "ip", host); err != nil {
		return nil, err
	}
	var last error
	for _, ip := range addresses {
		to := netip.AddrPortFrom(ip, uint16(port))
		c, err := connect(ctx, tcp, sockaddr(to), nil)
		if err == nil || aio.IsCancelled(err) {
			return c, err
		}
		last = dialError(network, net.TCPAddrFromAddrPort(to), err)
	}
	return nil, last
}

func dialError(network string, to net.Addr, err error) error {
	if err == nil || aio.IsCancelled(err) {
		return err
	}
	return &net.OpError{Op: "dial", Net: network, Addr: to, Err: err}
}

func zoneID(zone string) uint32 {
	if zone == "" {
		return 0
	}
	if i, err := net.InterfaceByName(zone); err == nil {
		return uint32(i.Index)
	}
	n, _ := strconv.ParseUint(zone, 10, 32)
	return uint32(n)
}
