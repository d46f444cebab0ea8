//go:build unix && !aix

package aionet

import (
	"context"
	"errors"
	"net"

	"github.com/goaio/aio"
	"github.com/goaio/aio/loop"
)

var (
	errNoLoop   = errors.New("aionet: a transport lives on a loop; call this in a task")
	errConnUsed = errors.New("aionet: the connection is in use; hand it over when no call of it waits")
	errConnHome = errors.New("aionet: the connection belongs to another loop")
)

// DialProtocol connects to an address, as [Dial] does, and has p handle the
// connection on the caller's loop. It returns after ConnectionMade. It must be
// called in a task. A cancel leaves nothing behind. It is asyncio's
// create_connection and create_unix_connection.
func DialProtocol(ctx context.Context, network, address string, p Protocol) (*Transport, error) {
	if loop.CurrentTask() == nil {
		return nil, errNoLoop
	}
	c, err := Dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	t, err := StartProtocol(ctx, c, p)
	if err != nil {
		c.Close()
	}
	return t, err
}

// StartProtocol has p handle a connection from here on, on the caller's loop,
// and returns after ConnectionMade. The Conn is closed for others, without its
// peer noticing. It must be called in a task, and no call of c may be under way.
// On an error, which a cancel is too, the connection is closed if p has taken
// it over, and left as it was if not. It is asyncio's connect_accepted_socket.
func StartProtocol(ctx context.Context, c *Conn, p Protocol) (*Transport, error) {
	l, err := transportLoop()
	if err != nil {
		return nil, err
	}
	fd, err := c.detach(l)
	if err != nil {
		return nil, err
	}
	t := newTransport(transportsOf(l), fd, c.network, c.remote, p)
	t.rare = c.inherited()
	if err := t.made(ctx); err != nil {
		return nil, err
	}
	return t, nil
}

// transportLoop returns the calling task's loop if transports can live there.
func transportLoop() (*loop.Loop, error) {
	if loop.CurrentTask() == nil {
		return nil, errNoLoop
	}
	l := loop.Current()
	if l.Virtual() {
		return nil, errors.New("aionet: a loop under virtual time has no transports")
	}
	return l, nil
}

// inherited is what a transport takes over from a connection that was detached,
// beside its file.
func (d *descriptor) inherited() *transportRare {
	r := d.rare.Load()
	if r == nil || len(r.givenBack) == 0 && !r.blocking {
		return nil
	}
	return &transportRare{given: r.givenBack, blocking: r.blocking}
}

// made has the protocol know its transport, and waits for that.
func (t *Transport) made(ctx context.Context) error {
	t.ctx = aio.Detached(ctx)
	var made aio.Event
	t.begin(made.Set)
	if err := made.Wait(ctx); err != nil {
		t.Abort()
		return err
	}
	return nil
}

func newTransport(q *transports, fd int, n network, remote address, p Protocol) *Transport {
	t := &Transport{queue: q, fd: fd, network: n, remote: remote}
	t.SetProtocol(p)
	return t
}

// detach takes the file away from a descriptor that nobody uses.
func (d *descriptor) detach(l *loop.Loop) (fd int, err error) {
	if home := d.home.Load(); home != nil && home != l {
		return -1, errConnHome
	}
	for {
		s := d.state.Load()
		switch {
		case s&closing != 0:
			return -1, net.ErrClosed
		case s&anybody != 0:
			return -1, errConnUsed
		}
		if d.state.CompareAndSwap(s, s|closing|released) {
			break
		}
	}
	d.mu.Lock()
	behind := d.behind
	d.mu.Unlock()
	if d.home.Load() != nil {
		l.Unregister(d.fd, d)
	}
	if behind {
		background.unregister(d)
	}
	return d.fd, nil
}
