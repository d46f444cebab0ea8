//go:build unix && !aix

package aiohttp

import (
	"bufio"
	"net"
	"net/http"
	"time"
)

// Hijack is for [http.Hijacker].
func (w *response) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	if w.is(hijacked) {
		return nil, nil, http.ErrHijacked
	}
	x := w.exchange
	if w.is(headWritten) {
		if err := w.release(nil); err != nil {
			return nil, nil, err
		}
	}
	if err := x.out.flush(); err != nil {
		return nil, nil, err
	}
	w.state |= hijacked
	c := x.connection
	_ = c.conn.SetDeadline(time.Time{})
	unread := append([]byte(nil), x.work.in.unread()...)
	x.work.in.close()
	reader := bufio.NewReaderSize(&rest{unread, c.conn}, max(4096, len(unread)))
	if len(unread) > 0 {
		_, _ = reader.Peek(len(unread))
	}
	c.server.state(c.conn, http.StateHijacked)
	return c.conn, bufio.NewReadWriter(reader, bufio.NewWriter(c.conn)), nil
}

// rest reads what the server had read already, and then the connection.
type rest struct {
	unread []byte
	conn   net.Conn
}

func (r *rest) Read(p []byte) (int, error) {
	if len(r.unread) > 0 {
		n := copy(p, r.unread)
		r.unread = r.unread[n:]
		return n, nil
	}
	return r.conn.Read(p)
}

// SetReadDeadline is for [http.ResponseController].
func (w *response) SetReadDeadline(t time.Time) error {
	return w.exchange.connection.conn.SetReadDeadline(t)
}

// SetWriteDeadline is for [http.ResponseController].
func (w *response) SetWriteDeadline(t time.Time) error {
	return w.exchange.connection.conn.SetWriteDeadline(t)
}
