//go:build unix && !aix

package aionet

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/goaio/aio"
)

// resolve finds what a "host:port" of a network such as "tcp4" stands for, in
// the order in which the addresses are to be tried.
func (d *Dialer) resolve(ctx context.Context, network, address string) ([]netip.AddrPort, error) {
	host, service, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	protocol, family := network[:3], network[3:]
	port, err := aio.LookupPort(ctx, protocol, service)
	if err != nil {
		return nil, err
	}
	ips, err := d.lookupHost(ctx, "ip"+family, host)
	if err != nil {
		return nil, err
	}
	var result []netip.AddrPort
	for _, ip := range ips {
		if ip = ip.Unmap(); ofFamily(ip, family) && d.reaches(ip) {
			result = append(result, netip.AddrPortFrom(ip, uint16(port)))
		}
	}
	if len(result) == 0 {
		return nil, &net.AddrError{Err: "no suitable address for " + network, Addr: host}
	}
	return result, nil
}

func (d *Dialer) lookupHost(ctx context.Context, network, host string) ([]netip.Addr, error) {
	if host == "" {
		return []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1}), netip.IPv6Loopback()}, nil
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{ip}, nil
	}
	if d.LookupNetIP != nil {
		return d.LookupNetIP(ctx, network, host)
	}
	return aio.LookupNetIP(ctx, network, host)
}

func ofFamily(ip netip.Addr, family string) bool {
	return family == "" || (family == "4") == ip.Is4()
}

// reaches reports whether ip is of the family of the local address.
func (d *Dialer) reaches(ip netip.Addr) bool {
	var local netip.Addr
	switch a := d.LocalAddr.(type) {
	case *net.TCPAddr:
		local = a.AddrPort().Addr().Unmap()
	case *net.UDPAddr:
		local = a.AddrPort().Addr().Unmap()
	}
	return !local.IsValid() || local.IsUnspecified() || local.Is4() == ip.Is4()
}

// localSockaddr is a local address as the system takes it for a socket that
// connects to another one.
func localSockaddr(local, to netip.AddrPort) unix.Sockaddr {
	ip := local.Addr().Unmap()
	if !ip.IsValid() || ip.IsUnspecified() {
		ip = netip.IPv6Unspecified()
		if to.Addr().Unmap().Is4() {
			ip = netip.IPv4Unspecified()
		}
	}
	return sockaddr(netip.AddrPortFrom(ip, local.Port()))
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

// checkUnixPath says what the system would not.
func checkUnixPath(path string) error {
	if path == "" {
		return &net.AddrError{Err: "the address of a Unix socket is its path; it is empty", Addr: path}
	}
	if most := len(unix.RawSockaddrUnix{}.Path) - 1; len(path) > most {
		return &net.AddrError{Err: fmt.Sprintf("the path of a Unix socket has at most %d bytes, this one %d", most, len(path)), Addr: path}
	}
	return nil
}
