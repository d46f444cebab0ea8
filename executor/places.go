package executor

import (
	"context"

	"github.com/goaio/aio"
	"github.com/goaio/aio/loop"
)

// places are those for jobs that have not ended: as many as may run and wait.
// Submitters wait for one in order of arrival. All of it is under the pool's
// mutex.
type places struct {
	free int // while it is > 0 nobody waits
	line loop.WaitList
	n    int // in line
}

// takePlace takes a place for a job, waiting for it if it may. p.mu is locked,
// and is so when it returns, but not meanwhile.
func (p *ProcessPool) takePlace(ctx context.Context, noWait bool) (err error) {
	switch {
	case p.refusal != nil:
		return p.refusal
	case p.places.free > 0:
		p.places.free--
		return nil
	case noWait:
		return aio.ErrQueueFull
	}
	w, err := loop.NewWaiter(ctx)
	if err != nil {
		return err
	}
	p.places.line.PushBack(w)
	p.places.n++
	p.mu.Unlock()
	returned := false
	// Deferred, for a task whose loop is closed is unwound from its await.
	defer func() {
		p.mu.Lock()
		if p.places.line.Remove(w) {
			p.places.n--
		}
		if given := w.Done() && !w.Cancelled() && p.refusal == nil; given && (!returned || err != nil) {
			p.freePlace()
		}
		if !returned {
			p.mu.Unlock()
		} else if err == nil && p.refusal != nil {
			err = p.refusal
		}
	}()
	if l := loop.Current(); l != nil {
		l.Hold()
		defer l.Release()
	}
	err = w.Wait(ctx)
	returned = true
	return err
}

// freePlace gives a place to the first in line.
func (p *ProcessPool) freePlace() {
	for {
		w := p.places.line.PopFirst()
		if w == nil {
			p.places.free++
			return
		}
		p.places.n--
		if w.Wake() {
			return
		}
	}
}

// refuseLine wakes all who wait for a place, for the pool refuses jobs.
func (p *ProcessPool) refuseLine() {
	p.places.line.WakeAll()
	p.places.n = 0
}
