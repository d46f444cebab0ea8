//go:build unix && !aix

package aiohttp

import (
	"io"
	"net"
)

// Upgraded is the body of a response with status 101 Switching Protocols: the
// connection, which is the caller's from here on and speaks another protocol (RFC
// 9110, section 7.8). The request's context and the transport's limits concern it no
// more. One may read while another writes; Close is safe from any goroutine, and ends
// both.
type Upgraded struct {
	rest
	conn net.Conn
}

var _ io.ReadWriteCloser = (*Upgraded)(nil)

// upgrade hands the connection over.
func (c *call) upgrade() *Upgraded {
	in := &c.connection.in
	u := &Upgraded{conn: c.connection.conn}
	if foreign, is := u.conn.(*foreignConn); is {
		u.conn = foreign.Conn
	}
	u.rest = rest{unread: append([]byte(nil), in.unread()...), conn: c.connection.conn}
	in.close()
	c.connection.giveUp()
	return u
}

// Read reads what the server has sent behind its answer already, and then from the
// connection. In a task it awaits; a cancel of the task loses nothing.
func (u *Upgraded) Read(p []byte) (int, error) { return u.rest.Read(p) }

// Write writes to the connection. A cancel of the task returns how much of p was
// sent.
func (u *Upgraded) Write(p []byte) (int, error) { return u.conn.Write(p) }

// Close closes the connection.
func (u *Upgraded) Close() error { return u.conn.Close() }

// Detach returns the connection, an [*aionet.Conn] or [*aionet.TLSConn] unless a
// DialContext of the transport returns others, and what the server has sent
// already. Read and Write are not to be used afterwards.
func (u *Upgraded) Detach() (conn net.Conn, unread []byte) {
	unread, u.unread = u.unread, nil
	return u.conn, unread
}
