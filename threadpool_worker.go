package aio

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/pprof"

	"github.com/goaio/aio/loop"
)

// A poolWorker is one goroutine of a [ThreadPool].
type poolWorker struct {
	wake      chan struct{} // holds one, so that who wakes never waits
	started   bool          // its goroutine is there
	searching bool          // it counts in pool.searching
	busy      bool          // it counts in pool.running
	retired   bool          // it shall end when it wakes
}

// recruit returns a worker that must be launched since nobody looks at the queue, or nil. p.mu is locked.
//
// One at most is called at a time: when it takes a job and leaves others, it calls the next. So a burst of short jobs
// wakes one worker, and one of blocking jobs as many as it takes.
func (p *ThreadPool) recruit() *poolWorker {
	if p.queue.n == 0 || p.searching > 0 {
		return nil
	}
	if n := len(p.idle) - 1; n >= 0 {
		w := p.idle[n]
		p.idle[n] = nil
		p.idle = p.idle[:n]
		p.idleLow = min(p.idleLow, n)
		w.searching = true
		p.searching++
		return w
	}
	// A worker that is starting may be busy with the initializer for long, hence it is not one of those that search.
	if p.workers < p.limit && p.queue.n > p.starting {
		p.workers++
		p.starting++
		return &poolWorker{wake: make(chan struct{}, 1)}
	}
	return nil
}

// launch is called without p.mu: what it wakes wants the lock at once.
func (w *poolWorker) launch(p *ThreadPool) {
	if w.started {
		w.wake <- struct{}{}
		return
	}
	w.started = true
	go p.work(w)
}

// work is a worker's goroutine.
func (p *ThreadPool) work(w *poolWorker) {
	// Deferred, since a job may call runtime.Goexit. Whoever takes this worker's place is recruited like any other.
	defer p.leave(w)
	if p.name != "" {
		pprof.SetGoroutineLabels(pprof.WithLabels(context.Background(), pprof.Labels("aio.pool", p.name)))
	}
	if p.initializer != nil && !p.initialize() {
		return
	}
	p.mu.Lock()
	p.starting--
	w.searching = true
	p.searching++
	p.mu.Unlock()
	for p.runJobs(w) {
	}
}

// initialize reports whether the initializer succeeded; if not, the pool is broken.
func (p *ThreadPool) initialize() bool {
	err := errors.New("the initializer called runtime.Goexit")
	defer func() {
		if v := recover(); v != nil {
			err = loop.NewPanicError(v)
		}
		if err != nil {
			p.mu.Lock()
			p.starting--
			p.mu.Unlock()
			p.stop(fmt.Errorf("%w: initializer of a worker: %w", ErrBroken, err), true)
		}
	}()
	err = p.initializer()
	return err == nil
}

// runJobs runs jobs until there is nothing more to do for this worker, or one has panicked: then it returns true. That
// the guard is around the loop and not around each job saves setting it up for each.
func (p *ThreadPool) runJobs(w *poolWorker) (panicked bool) {
	defer func() {
		if v := recover(); v != nil {
			panicked = true
			p.panicHandler(loop.NewPanicError(v))
		}
	}()
	for {
		job, ok := p.take(w)
		if !ok {
			return false
		}
		job.Run()
	}
}

// take ends the worker's last job and returns its next one, or false when the worker shall end.
func (p *ThreadPool) take(w *poolWorker) (Job, bool) {
	p.mu.Lock()
	if w.busy {
		if wake := p.finish(w); wake != nil {
			p.search(w) // what wake may submit needs no other worker
			p.mu.Unlock()
			wake()
			p.mu.Lock()
		}
	}
	for yielded := false; p.queue.n == 0; {
		if p.refusal != nil {
			p.mu.Unlock()
			return nil, false
		}
		if !yielded {
			// Who submitted the last job often has another one as soon as it runs again. Then nobody need be woken.
			yielded = true
			p.search(w)
			p.mu.Unlock()
			runtime.Gosched()
			p.mu.Lock()
			continue
		}
		p.found(w)
		p.park(w)
		p.mu.Unlock()
		<-w.wake
		p.mu.Lock()
		if w.retired {
			p.mu.Unlock()
			return nil, false
		}
	}
	p.found(w)
	w.busy = true
	p.running++
	job := p.queue.pop()
	next := p.recruit()
	p.mu.Unlock()
	if next != nil {
		next.launch(p)
	}
	return job, true
}

func (p *ThreadPool) search(w *poolWorker) {
	if !w.searching {
		w.searching = true
		p.searching++
	}
}

func (p *ThreadPool) found(w *poolWorker) {
	if w.searching {
		w.searching = false
		p.searching--
	}
}

// finish ends the accounting of the worker's job; it returns the wake of a submitter that got its place. p.mu is
// locked.
func (p *ThreadPool) finish(w *poolWorker) (wake func()) {
	w.busy = false
	p.running--
	return p.freePlace()
}

// leave ends the worker.
func (p *ThreadPool) leave(w *poolWorker) {
	p.mu.Lock()
	var wake func()
	if w.busy {
		wake = p.finish(w)
	}
	p.found(w)
	p.workers--
	next := p.recruit()
	if p.workers == 0 && p.refusal != nil {
		close(p.done)
	}
	p.mu.Unlock()
	if next != nil {
		next.launch(p)
	}
	if wake != nil {
		wake()
	}
}
