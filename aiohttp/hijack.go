//go:build unix && !aix

package aiohttp

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/goaio/aio/aiohttp/internal/upgrade"
	"github.com/goaio/aio/aionet"
)

// Hijack is for [http.Hijacker]. The connection is a *[aionet.Conn], or a
// *[aionet.TLSConn].
func (w *response) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	c, unread, err := w.Take()
	if err != nil {
		return nil, nil, err
	}
	reader := bufio.NewReaderSize(&rest{unread, c}, max(4096, len(unread)))
	if len(unread) > 0 {
		_, _ = reader.Peek(len(unread))
	}
	return c, bufio.NewReadWriter(reader, bufio.NewWriter(c)), nil
}

// Take is for this module's package upgrade.
func (w *response) Take() (conn stream, unread []byte, err error) {
	if w.is(hijacked) {
		return nil, nil, http.ErrHijacked
	}
	if w.is(returned) {
		return nil, nil, errReturned
	}
	x := w.exchange
	if x.body != nil && x.body.shut() {
		return nil, nil, errRequestBeingRead
	}
	x.work.pipeline.begin()
	if w.is(headWritten) {
		if err := w.release(nil); err != nil {
			return nil, nil, err
		}
	}
	if err := x.work.out.flush(); err != nil {
		return nil, nil, err
	}
	w.state |= hijacked
	c := x.connection
	_ = c.conn.SetDeadline(time.Time{})
	unread = append([]byte(nil), x.work.in.unread()...)
	x.work.in.close()
	c.server.state(c.conn, http.StateHijacked)
	return c.conn, unread, nil
}

// Keep is for this module's package upgrade.
func (w *response) Keep(h aionet.EventHandler, pending bool) {
	if !w.is(hijacked) {
		panic("aiohttp: Keep before Take")
	}
	w.exchange.kept = &kept{h, pending}
}

// Connections is for this module's package upgrade.
func (w *response) Connections() *upgrade.Connections { return &w.exchange.connection.server.upgraded }

// rest reads what the server had read already, and then the connection.
type rest struct {
	unread []byte
	conn   io.Reader
}

func (r *rest) Read(p []byte) (int, error) {
	if len(r.unread) > 0 {
		n := copy(p, r.unread)
		if r.unread = r.unread[n:]; len(r.unread) == 0 {
			r.unread = nil
		}
		return n, nil
	}
	return r.conn.Read(p)
}

// SetReadDeadline is for [http.ResponseController]. The deadline ends with the
// response.
func (w *response) SetReadDeadline(t time.Time) error {
	w.state |= timed
	return w.exchange.connection.conn.SetReadDeadline(t)
}

// SetWriteDeadline is for [http.ResponseController]. The deadline ends with the
// response.
func (w *response) SetWriteDeadline(t time.Time) error {
	w.state |= timed
	return w.exchange.connection.conn.SetWriteDeadline(t)
}
