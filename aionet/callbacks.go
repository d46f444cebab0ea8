//go:build unix && !aix

package aionet

import "time"

// Callbacks makes a handler that has a [Protocol] handle each connection, which
// factory returns for it: asyncio's create_server. factory is called on the
// loop of the connection. There is no task; an idle connection holds no buffer.
func Callbacks(factory func() Protocol) Handler { return callbacks(factory) }

type callbacks func() Protocol

func (factory callbacks) accepted(r *reactor, a arrival) {
	t := newTransport(transportsOf(r.loop), a.fd, a.network, a.remote, nil)
	r.joined(&t.link, t)
	defer t.guard()
	t.SetProtocol(factory())
	t.begin(nil)
}

// drain is called when the server stops.
func (t *Transport) drain() {
	if d, is := t.protocol.(Drainer); is {
		defer t.guard()
		d.Drain()
		return
	}
	_ = t.Close()
}

// kill closes the connection whatever its protocol does.
func (t *Transport) kill(reason error) { t.forceClose(reason) }

func (t *Transport) heard() bool { return t.is&transportHeard != 0 }

func (t *Transport) touched() bool {
	was := t.is & transportTouched
	t.is &^= transportTouched
	return was != 0 || t.is&transportMuted != 0
}

func (t *Transport) idleLimit(server time.Duration) time.Duration { return server }
