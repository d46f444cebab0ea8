//go:build unix && !aix

package websocket

import "github.com/goaio/aio/aiohttp/internal/upgrade"

// server is where a connection is known from Accept to its end; for one of another
// server than aiohttp's, or of a client, it is empty.
type server struct{ connections *upgrade.Connections }

func (s server) add(c *Conn) {
	if s.connections == nil {
		return
	}
	s.connections.Add(leaver{c})
	if c.closed.Load() { // meanwhile
		s.remove(c)
	}
}

func (s server) remove(c *Conn) {
	if s.connections != nil {
		s.connections.Remove(leaver{c})
	}
}

// leaver is a connection as its server knows it.
type leaver struct{ *Conn }

// GoAway sends the peer a close frame. Who reads hears of the answer.
func (l leaver) GoAway() { l.tell(StatusGoingAway, "") }
