package aio

import (
	"sync"
	"sync/atomic"

	"github.com/goaio/aio/loop"
)

// gate is one wait that several callbacks may end, some of them after it is
// over: those must not wake the next await of the same task.
type gate struct {
	mu sync.Mutex
	w  *loop.Waiter
}

func (g *gate) open() {
	g.mu.Lock()
	if g.w != nil {
		g.w.Wake()
	}
	g.mu.Unlock()
}

func (g *gate) close() {
	g.mu.Lock()
	g.w = nil
	g.mu.Unlock()
}

// counter counts down from n, from any goroutine.
type counter struct {
	n    int
	done atomic.Int64
}

// down reports whether it was the last one.
func (c *counter) down() bool { return c.done.Add(1) == int64(c.n) }
