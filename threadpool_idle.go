package aio

import "time"

// park puts the worker on the stack of idle ones. p.mu is locked.
func (p *ThreadPool) park(w *poolWorker) {
	p.idle = append(p.idle, w)
	if !p.sweeping && p.idleTimeout > 0 {
		p.sweepLater()
	}
}

// sweepLater begins a period of idleTimeout. The idle workers are a stack, so those below its lowest height in the
// period were not used in it: that tells who is to retire without reading the clock for each job. p.mu is locked.
func (p *ThreadPool) sweepLater() {
	p.sweeping = true
	p.idleLow = len(p.idle)
	if p.sweeper == nil {
		p.sweeper = time.AfterFunc(p.idleTimeout, p.sweep)
	} else {
		p.sweeper.Reset(p.idleTimeout)
	}
}

// sweep retires the workers that were idle for a whole period.
func (p *ThreadPool) sweep() {
	p.mu.Lock()
	if p.refusal != nil {
		p.mu.Unlock()
		return
	}
	p.sweeping = false
	retired := p.retire(p.idleLow)
	if len(p.idle) > 0 {
		p.sweepLater()
	}
	p.mu.Unlock()
	for _, w := range retired {
		w.launch(p)
	}
}

// retire takes the n workers that have been idle longest off the stack; they end when they are launched. p.mu is
// locked.
func (p *ThreadPool) retire(n int) []*poolWorker {
	retired := append([]*poolWorker(nil), p.idle[:n]...)
	for _, w := range retired {
		w.retired = true
	}
	kept := copy(p.idle, p.idle[n:])
	clear(p.idle[kept:])
	p.idle = p.idle[:kept]
	return retired
}
