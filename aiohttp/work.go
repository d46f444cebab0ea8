//go:build unix && !aix

package aiohttp

import (
	"crypto/tls"
	"strconv"
	"sync"
)

// work is what a connection needs while requests are under way and gives back
// when it is idle.
type work struct {
	in      input
	tls     *tls.ConnectionState // nil for a plain connection
	out     output
	scratch [beforeChunking]byte
}

var works = sync.Pool{New: func() any { return new(work) }}

func newWork(c stream) *work {
	w := works.Get().(*work)
	w.in.conn, w.out.conn, w.out.err = c, c, nil
	return w
}

// close gives everything back.
func (w *work) close() {
	w.in.close()
	w.out.discard()
	w.in.conn, w.out.conn, w.tls = nil, nil, nil
	works.Put(w)
}

func (o *output) discard() {
	if o.borrowed != nil {
		o.borrowed.Return()
		o.borrowed, o.memory = nil, nil
	}
}

func itoa(n int) string { return strconv.Itoa(n) }
