//go:build unix && !aix

package aiohttp

import (
	"sync"

	"github.com/goaio/aio/loop"
)

// pipeline is about the answers to a pipeline that are in the output while the
// handler of the next request runs. They are one system call with its answer if the
// handler does not await, and are sent when it does: a client may want them before
// it goes on.
type pipeline struct {
	unsent bool // there were some when the handler was called
	mu     sync.Mutex
	begun  bool // the handler has something for the output itself
}

// sendEarlier sees to the answers that are in the output when the handler is about
// to be called, on the loop.
func (x *exchange) sendEarlier() {
	if len(x.work.out.memory) == 0 {
		return
	}
	conn, tries := x.work.out.conn.(interface{ TryWrite(p []byte) (int, error) })
	if !tries {
		_ = x.work.out.flush()
		return
	}
	p := &x.work.pipeline
	p.unsent, p.begun = true, false
	loop.Current().CallSoon(func() {
		if x.connection.current != x {
			return // and the work may be another's
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		if !p.begun {
			// What a client that does not read leaves is sent with the rest.
			n, _ := conn.TryWrite(x.work.out.memory)
			x.work.out.memory = x.work.out.memory[:copy(x.work.out.memory, x.work.out.memory[n:])]
		}
	})
}

// begin is called before the handler uses the output, by whatever goroutine.
func (p *pipeline) begin() {
	if p.unsent {
		p.mu.Lock()
		p.unsent, p.begun = false, true
		p.mu.Unlock()
	}
}
