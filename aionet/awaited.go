//go:build unix && !aix

package aionet

import (
	"net"

	"golang.org/x/sys/unix"

	"github.com/goaio/aio/loop"
)

// What the waits of this package are called by those who look at a task.
var (
	awaitedReadable = loop.NewAwaited("aionet: a descriptor to become readable")
	awaitedWritable = loop.NewAwaited("aionet: a descriptor to become writable")
	awaitedTurn     = loop.NewAwaited("aionet: another task that reads or writes")
	awaitedEvent    = loop.NewAwaited("aionet: a server's next event")
)

// awaitedBy is what the wait of whoever has the turn is called.
func awaitedBy(turn uint32) *loop.Awaited {
	if turn == writing {
		return awaitedWritable
	}
	return awaitedReadable
}

// awaited is awaitedBy that in debug mode names the other end too. Names cost
// memory, so connections have none elsewhere.
func (d *descriptor) awaited(turn uint32) *loop.Awaited {
	a := awaitedBy(turn)
	if home := d.home.Load(); home == nil || !home.Debug() {
		return a
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.state.Load()&released != 0 {
		return a
	}
	_, index := d.half(turn)
	named := &d.more().named[index]
	if *named == nil {
		*named = a.Of(ends(d.fd))
	}
	return *named
}

// endpoints are the addresses of a socket, as they are shown.
type endpoints struct{ local, remote net.Addr }

func (e endpoints) String() string {
	switch {
	case e.remote != nil:
		return e.local.String() + " with " + e.remote.String()
	case e.local != nil:
		return e.local.String()
	}
	return "no socket"
}

func ends(fd int) (e endpoints) {
	if local, err := unix.Getsockname(fd); err == nil {
		e.local = netAddr(local)
	}
	if remote, err := unix.Getpeername(fd); err == nil && e.local != nil {
		e.remote = netAddr(remote)
	}
	return e
}

func netAddr(sa unix.Sockaddr) net.Addr {
	if _, is := sa.(*unix.SockaddrUnix); is {
		return addressOf(sa).net(unixStream)
	}
	return addressOf(sa).net(tcp)
}
