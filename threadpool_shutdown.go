package aio

import (
	"context"
	"fmt"

	"github.com/goaio/aio/loop"
)

// Shutdown implements [Executor]. Submitters that wait for a place are refused with [ErrShutdown]. After a first call
// without cancelPending, a second with it drops what still waits.
func (p *ThreadPool) Shutdown(ctx context.Context, cancelPending bool) error {
	p.stop(ErrShutdown, cancelPending)
	select {
	case <-p.done:
		return nil
	default:
	}
	select {
	case <-p.done:
		return nil
	case <-ctx.Done():
		s := p.Stats()
		return fmt.Errorf("aio: shutdown of thread pool %q: %d jobs still running, %d queued: %w", p.name, s.Running, s.Queued, ctx.Err())
	}
}

// stop refuses all further jobs with err and, if cancelPending, drops those that wait. It does not wait: p.done is
// closed when the last worker has ended.
func (p *ThreadPool) stop(err error, cancelPending bool) {
	p.mu.Lock()
	if p.refusal == nil {
		p.refusal = err
		if p.workers == 0 {
			close(p.done)
		}
	}
	var dropped []Job
	if cancelPending {
		for p.queue.n > 0 {
			dropped = append(dropped, p.queue.pop())
		}
	}
	var wakes []func()
	for p.line.n > 0 {
		place := p.line.first
		p.line.remove(place)
		place.state = poolPlaceNone
		wakes = append(wakes, place.wake)
	}
	idle := p.idle
	p.idle = nil
	if p.sweeper != nil {
		p.sweeper.Stop()
	}
	p.mu.Unlock()

	for _, w := range idle {
		w.launch(p)
	}
	for _, wake := range wakes {
		wake()
	}
	for _, job := range dropped {
		p.drop(job, err)
	}
}

func (p *ThreadPool) drop(job Job, err error) {
	defer func() {
		if v := recover(); v != nil {
			p.panicHandler(loop.NewPanicError(v))
		}
	}()
	job.Drop(err)
}
