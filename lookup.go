package aio

import (
	"context"
	"net"
	"net/netip"

	"github.com/goaio/aio/loop"
)

// LookupNetIP finds the addresses of a host, as net.Resolver.LookupNetIP does:
// network is "ip", "ip4" or "ip6". The system is asked on a pool that serves
// lookups alone; an address literal is answered at once. A cancel returns a
// [*CancelledError] at once.
func LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error) {
	lookup := func(ctx context.Context) ([]netip.Addr, error) {
		return net.DefaultResolver.LookupNetIP(ctx, network, host)
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return lookup(ctx)
	}
	l := loop.Current()
	if l == nil {
		return lookup(ctx)
	}
	return BlockingOn(ctx, executorsOf(l).forLookups(), lookup)
}
