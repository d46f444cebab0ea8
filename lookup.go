package aio

import (
	"context"
	"net"
	"net/netip"
	"strconv"

	"github.com/goaio/aio/loop"
)

// LookupNetIP finds the addresses of a host, as net.Resolver.LookupNetIP does:
// network is "ip", "ip4" or "ip6". The system is asked on a pool that serves
// lookups alone; an address literal is answered at once. A cancel returns a
// [*CancelledError] at once.
func LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error) {
	_, err := netip.ParseAddr(host)
	return lookup(ctx, err == nil, func(ctx context.Context) ([]netip.Addr, error) {
		return net.DefaultResolver.LookupNetIP(ctx, network, host)
	})
}

// LookupPort finds the number of a service such as "http", as
// net.Resolver.LookupPort does: network is "tcp" or "udp". A number is answered
// at once, a name as with [LookupNetIP].
func LookupPort(ctx context.Context, network, service string) (int, error) {
	_, err := strconv.Atoi(service)
	return lookup(ctx, err == nil, func(ctx context.Context) (int, error) {
		return net.DefaultResolver.LookupPort(ctx, network, service)
	})
}

func lookup[T any](ctx context.Context, atOnce bool, fn func(context.Context) (T, error)) (T, error) {
	l := loop.Current()
	if atOnce || l == nil {
		return fn(ctx)
	}
	return BlockingOn(ctx, executorsOf(l).forLookups(), fn)
}
