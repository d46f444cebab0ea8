//go:build unix && !aix

package aionet

// TryWrite writes as much of p as the system takes at once and returns how much
// that was; it never waits. While somebody else writes that is nothing. It is
// for who must not be held up by a peer that does not read, and keeps the rest.
// Safe from any goroutine.
func (c *Conn) TryWrite(p []byte) (int, error) {
	n, err := c.tryWrite(p)
	if err != nil {
		err = c.wrap("write", err)
	}
	return n, err
}

// TryWrite is [Conn.TryWrite]. It may take up to a record more than the system
// does, which is then sent meanwhile.
func (c *TLSConn) TryWrite(p []byte) (int, error) {
	n, err := c.tryWrite(p)
	c.settleOutput()
	return n, err
}
