//go:build unix && !aix

package upgrade

import (
	"context"
	"sync"

	"github.com/goaio/aio"
)

// Leaver is a connection that was taken over and has a way to end of its own.
type Leaver interface {
	// GoAway begins that end, without waiting. It may be called at any time and
	// more than once.
	GoAway()
	// CloseNow ends the connection at once.
	CloseNow()
}

// Connections are those of a server that were taken over. They are told when the
// server stops, wherever they are: on the server's loop, with a handler, or with
// somebody else after the handler has returned. The zero value is empty. Safe from
// any goroutine.
type Connections struct {
	mu       sync.Mutex
	open     map[Leaver]struct{}
	stopping bool
	none     aio.Event // set when the last has left while the server stops
}

// Add adds a connection. If the server stops already it is told at once.
func (c *Connections) Add(l Leaver) {
	c.mu.Lock()
	if c.open == nil {
		c.open = map[Leaver]struct{}{}
	}
	c.open[l] = struct{}{}
	stopping := c.stopping
	c.mu.Unlock()
	if stopping {
		l.GoAway()
	}
}

// Remove forgets a connection that has ended.
func (c *Connections) Remove(l Leaver) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.open, l)
	c.look()
}

// look notices that there is none left. It is called with the lock held.
func (c *Connections) look() {
	if c.stopping && len(c.open) == 0 {
		c.none.Set()
	}
}

// GoAway tells all that the server stops.
func (c *Connections) GoAway() {
	c.mu.Lock()
	c.stopping = true
	all := c.all()
	c.look()
	c.mu.Unlock()
	for _, l := range all {
		l.GoAway()
	}
}

func (c *Connections) all() []Leaver {
	all := make([]Leaver, 0, len(c.open))
	for l := range c.open {
		all = append(all, l)
	}
	return all
}

// Wait waits, after GoAway, until all have ended.
func (c *Connections) Wait(ctx context.Context) error { return c.none.Wait(ctx) }

// CloseNow ends those that are left, and returns how many they were.
func (c *Connections) CloseNow() int {
	c.mu.Lock()
	all := c.all()
	c.mu.Unlock()
	for _, l := range all {
		l.CloseNow()
	}
	return len(all)
}
