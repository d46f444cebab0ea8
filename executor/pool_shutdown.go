package executor

import (
	"context"
	"fmt"

	"github.com/goaio/aio"
	"github.com/goaio/aio/loop"
)

// ShutdownMode says what a shutdown does with calls that have not ended.
type ShutdownMode int

const (
	// WaitForAll waits for all calls.
	WaitForAll ShutdownMode = iota
	// CancelWaiting drops the calls that wait, with [aio.ErrShutdown], and waits
	// for those that run.
	CancelWaiting
	// KillAll drops the calls that wait and kills those that run.
	KillAll
)

// Shutdown refuses new calls and waits, as tasks and goroutines do, until all
// processes have ended. When ctx ends before that, it kills those that are left
// and returns an error that wraps ctx's and says how many there were: no process
// is left when Shutdown returns. A second call may be stricter than the first.
func (p *ProcessPool) Shutdown(ctx context.Context, mode ShutdownMode) error {
	p.stop(mode)
	if _, err := p.over.Await(ctx); err == nil || p.over.Completed() {
		return nil
	}
	left := p.Stats()
	p.stop(KillAll)
	_ = aio.Cleanup(context.WithoutCancel(ctx), abandonedAfter, func(ctx context.Context) error {
		_, err := p.over.Await(ctx)
		return err
	})
	return fmt.Errorf("executor: shutdown of process pool %q killed %d calls and dropped %d: %w", p.options.Name, left.Running, left.Queued, loop.CancelledBy(ctx, context.Cause(ctx)))
}

func (p *ProcessPool) stop(mode ShutdownMode) {
	if mode != WaitForAll {
		p.withdrawAll()
	}
	p.mu.Lock()
	if p.refusal == nil {
		p.refusal = aio.ErrShutdown
		p.refuseLine()
	}
	p.stopping = true
	p.killing = p.killing || mode == KillAll
	for len(p.idle) > 0 {
		p.retire(p.idle[len(p.idle)-1])
	}
	if p.sweeper != nil {
		p.sweeper.Stop()
		p.sweeper = nil
	}
	var dropped []*job
	if mode != WaitForAll {
		dropped = p.dropQueue()
	}
	if mode == KillAll {
		for w := range p.workers {
			if w.reason == nil && !w.doomed {
				w.reason = aio.ErrShutdown
			}
			p.kill(w)
		}
	}
	p.checkOver()
	p.mu.Unlock()
	for _, j := range dropped {
		p.fail(j, aio.ErrShutdown)
	}
}

// withdrawAll has those calls wait that workers have not begun, so that they can
// be dropped.
func (p *ProcessPool) withdrawAll() {
	var some []*workerProcess
	p.mu.Lock()
	p.dropping = true
	for w := range p.workers {
		if len(w.jobs) > 1 {
			w.line.hold()
			some = append(some, w)
		}
	}
	p.mu.Unlock()
	for _, w := range some {
		w.withdraw()
		w.line.release()
	}
}

// checkOver completes a shutdown that has nothing left to wait for.
func (p *ProcessPool) checkOver() {
	if !p.stopping || p.living > 0 || p.starting > 0 || p.queue.n > 0 {
		return
	}
	if p.watcher != nil {
		p.watcher.Stop()
	}
	_ = p.over.SetResult(struct{}{})
}
