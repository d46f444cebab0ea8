package loop

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

func (p *pool) give(c *coroutine) {
	if len(p.idle) >= maxIdle {
		c.co.Stop()
		return
	}
	p.idle = append(p.idle, c)
}

func (p *pool) shrink() {
	if p.fewest > 8 {
		p.drop(len(p.idle) - p.fewest/2)
	}
	p.fewest = len(p.idle)
}

// drop ends idle coroutines down to that many.
func (p *pool) drop(keep int) {
	for i := keep; i < len(p.idle); i++ {
		p.idle[i].co.Stop()
		p.idle[i] = nil
	}
	p.idle = p.idle[:keep]
}
