package loop

import (
	"slices"

	"github.com/goaio/aio/coro"
)

// pool keeps the coroutines of ended tasks for the next ones. Each holds a
// goroutine with the stack it has grown to, so there is a bound, and a loop
// that goes to sleep lets half of those go that it did not need since it last
// slept.
type pool struct {
	idle   []*coroutine
	fewest int // idle ones that were never taken since the last shrink
}

const maxIdle = 512

func (p *pool) take(l *Loop) *coroutine {
	last := len(p.idle) - 1
	if last < 0 {
		return newCoroutine(l)
	}
	c := p.idle[last]
	p.idle[last] = nil
	p.idle = p.idle[:last]
	p.fewest = min(p.fewest, last)
	return c
}

func (p *pool) give(c *coroutine) { p.idle = append(p.idle, c) }

// trim is called now and then, on the loop's own goroutine.
func (p *pool) trim(l *Loop) {
	if len(p.idle) > maxIdle {
		p.drop(l, maxIdle)
		p.fewest = min(p.fewest, maxIdle)
	}
}

func (p *pool) shrink(l *Loop) {
	if p.fewest > 8 {
		p.drop(l, len(p.idle)-p.fewest/2)
	}
	p.fewest = len(p.idle)
}

// drop ends idle coroutines down to that many.
func (p *pool) drop(l *Loop, keep int) {
	l.apart(func(here *coro.Coroutine) {
		for i := keep; i < len(p.idle); i++ {
			here.Interrupt(&l.turns.ring, &p.idle[i].co)
			p.idle[i] = nil
		}
	})
	p.idle = p.idle[:keep]
	if cap(p.idle) > 2*maxIdle {
		p.idle = slices.Clip(slices.Clone(p.idle))
	}
}
