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
	in       input
	tls      *tls.ConnectionState // nil for a plain connection
	out      output
	pipeline pipeline
	scratch  [beforeChunking]byte
	// One piece of memory for all is one visit to a pool a request. It is less
	// than two borrowed buffers, for handlers that take long.
	received [8 << 10]byte
	toSend   [4 << 10]byte
}

var works = sync.Pool{New: func() any {
	w := &work{}
	w.in.own, w.out.own = w.received[:], w.toSend[:0]
	return w
}}

// take returns what serves c until it is given back. On the loop only.
func (p *perLoop) take(c stream) *work {
	w := p.spare
	if p.spare = nil; w == nil {
		w = works.Get().(*work)
	}
	w.in.conn, w.out.conn, w.out.err = c, c, nil
	return w
}

// giveBack is for what nobody uses any more.
func (p *perLoop) giveBack(w *work) {
	w.in.close()
	w.out.discard()
	w.in.conn, w.out.conn, w.tls = nil, nil, nil
	w.pipeline.unsent = false
	if p.spare == nil && p.loop != nil {
		p.spare = w
	} else {
		works.Put(w)
	}
}

func itoa(n int) string { return strconv.Itoa(n) }
