package executor

import (
	"sync/atomic"
)

// poolStats are what a process pool counts as it goes.
type poolStats struct {
	started, restarted, died, retried atomic.Uint64
	succeeded, failed                 atomic.Uint64
	waited, ran                       histogram
}

// ProcessPoolStats is the state of a [ProcessPool] at one moment, and what it
// has done so far.
type ProcessPoolStats struct {
	Workers  int // processes there are, also those that are being killed
	Starting int // workers that do not take calls yet
	Idle     int // workers without a call
	Running  int // calls that run
	Queued   int // calls that wait for a worker, or for others that theirs has before them
	Waiting  int // submitters that wait for a place in the queue

	Started   uint64 // processes, ever
	Restarted uint64 // of those, in the place of one that was killed or died
	Died      uint64 // workers that ended otherwise than by being retired
	Retried   uint64 // calls that ran again after their worker had died
	Succeeded uint64 // calls that returned a result
	Failed    uint64 // calls that ended with an error

	Waited Histogram // how long calls waited for their turn on a worker
	Ran    Histogram // how long they ran there
}

// Stats returns the pool's state.
func (p *ProcessPool) Stats() ProcessPoolStats {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := ProcessPoolStats{
		Workers: len(p.workers), Starting: p.starting, Idle: len(p.idle), Waiting: p.places.n,
		Started: p.stats.started.Load(), Restarted: p.stats.restarted.Load(), Died: p.stats.died.Load(), Retried: p.stats.retried.Load(),
		Succeeded: p.stats.succeeded.Load(), Failed: p.stats.failed.Load(),
		Waited: p.stats.waited.snapshot(), Ran: p.stats.ran.snapshot(),
	}
	for w := range p.workers {
		if len(w.jobs) > 0 {
			s.Running++
		}
	}
	s.Queued = p.queue.n + p.handed - s.Running
	return s
}
