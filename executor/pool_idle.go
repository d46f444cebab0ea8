package executor

import (
	"context"
	"errors"
	"time"

	"github.com/goaio/aio"
)

// sweepLater has idle workers looked at when one of them may have been idle for
// long. p.mu is locked.
func (p *ProcessPool) sweepLater() {
	if p.sweeper != nil || p.options.IdleTimeout < 0 {
		return
	}
	p.sweeper = time.AfterFunc(p.options.IdleTimeout/2, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.sweeper = nil
		p.sweep(time.Now())
	})
}

// sweep retires the workers beyond MinWorkers that have been idle for long. The
// longest idle ones stand first.
func (p *ProcessPool) sweep(now time.Time) {
	for len(p.idle) > 0 && p.active > p.options.MinWorkers && now.Sub(p.idle[0].idleSince) >= p.options.IdleTimeout {
		p.retire(p.idle[0])
	}
	if len(p.idle) > 0 && p.active > p.options.MinWorkers && p.refusal == nil {
		p.sweepLater()
	}
}

// memoryPeriod is how often the workers' memory is looked at.
const memoryPeriod = 100 * time.Millisecond

// watchMemory kills workers that have too much memory, as long as there are any.
// p.mu is locked.
func (p *ProcessPool) watchMemory() {
	if p.watcher != nil || p.options.MemoryLimit == 0 || len(p.workers) == 0 {
		return
	}
	p.watcher = time.AfterFunc(memoryPeriod, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.watcher = nil
		for w := range p.workers {
			if resident, err := w.process.Resident(); err == nil && resident > p.options.MemoryLimit && !w.doomed {
				w.reason = ErrMemory
				p.kill(w)
			}
		}
		p.watchMemory()
	})
}

// WarmUp starts as many workers as the pool may have, and waits until they take
// calls. A cancel of ctx ends the wait and leaves the workers to come.
func (p *ProcessPool) WarmUp(ctx context.Context) error {
	refuseUnclaimed()
	for {
		p.mu.Lock()
		if p.refusal != nil {
			defer p.mu.Unlock()
			return p.refusal
		}
		for p.active < p.options.Workers {
			p.startOne()
		}
		if p.starting == 0 {
			p.mu.Unlock()
			return nil
		}
		if p.warmed == nil {
			p.warmed = aio.NewFuture[error]()
		}
		warmed := p.warmed
		p.mu.Unlock()
		if failed, err := warmed.Await(ctx); err != nil || failed != nil {
			return errors.Join(failed, err)
		}
	}
}

// startEnded tells those who wait in WarmUp how a start ended, if it was the last
// one or failed. p.mu is locked.
func (p *ProcessPool) startEnded(err error) {
	if p.warmed != nil && (err != nil || p.starting == 0) {
		_ = p.warmed.SetResult(err)
		p.warmed = nil
	}
}

// startOne starts a worker. p.mu is locked.
func (p *ProcessPool) startOne() {
	p.active++
	p.starting++
	go p.startWorker()
}
