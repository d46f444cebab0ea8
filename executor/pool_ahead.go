package executor

import (
	"slices"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/executor/internal/wire"
)

// A busy worker is handed calls ahead of their turn as long as those before them
// take little time: it would sleep after each call, and be woken for the next
// one, which takes five times as long as a short call. A call that takes longer
// than its like have taken holds up those behind it for aheadPatience: then they
// are taken back, and wait for any worker.
const (
	// aheadMost is how many calls a worker has at most, the one that runs included.
	aheadMost = 8
	// aheadTime is how long the calls before one take at most, by what their
	// functions have taken lately.
	aheadTime = 100 * time.Microsecond
	// aheadPatience is how long a worker may run a call while others lie ahead.
	aheadPatience = time.Millisecond
)

// mayTake reports whether the worker may be handed the job.
func (w *workerProcess) mayTake(j *job) bool {
	p := w.pool
	switch has := len(w.jobs); {
	case w.doomed, p.options.CallsPerWorker > 0 && w.calls >= p.options.CallsPerWorker:
		return false
	case has == 0:
		return true
	case has >= min(aheadMost, w.line.calls.most), !j.small(), p.dropping:
		return false
	case has >= (p.queue.n+p.handed)/p.active:
		return false // others want theirs
	}
	var before time.Duration
	for _, k := range w.jobs {
		if !k.small() || k.ending != nil || !k.pace.runs {
			return false
		}
		before += k.pace.mean
	}
	return before <= aheadTime
}

// assign makes the job the worker's, which is to be flushed.
func (p *ProcessPool) assign(w *workerProcess, j *job, now time.Time) {
	j.state, j.worker = jobAhead, w
	w.jobs = append(w.jobs, j)
	w.outgoing = append(w.outgoing, j)
	w.calls++
	p.handed++
	w.line.send()
	if len(w.jobs) == 1 {
		p.begin(j, now)
	} else if p.overseer == nil {
		p.overseer = time.AfterFunc(aheadPatience, p.oversee)
	}
}

// begin is called when it is the job's turn on its worker, as far as the pool
// has heard.
func (p *ProcessPool) begin(j *job, now time.Time) {
	j.state, j.started = jobRunning, now
	p.stats.waited.add(now.Sub(j.submitted))
	if j.timeout > 0 && j.ending == nil {
		j.timer = time.AfterFunc(j.timeout, func() { p.endJob(j, &aio.TimeoutError{After: j.timeout}) })
	}
}

// refill gives the worker the jobs that it may have; when there are none it
// parks or ends it. It reports whether the worker is to be flushed. p.mu is
// locked.
func (p *ProcessPool) refill(w *workerProcess, now time.Time) (given bool) {
	for p.queue.n > 0 && w.mayTake(p.queue.first()) {
		p.assign(w, p.queue.pop(), now)
		given = true
	}
	switch limit := p.options.CallsPerWorker; {
	case w.doomed || len(w.jobs) > 0:
	case p.refusal != nil || limit > 0 && w.calls >= limit:
		p.retire(w)
		p.startWorkers()
	default:
		w.idleSince = now
		p.idle = append(p.idle, w)
		p.sweepLater()
	}
	return given
}

// dispatch gives idle workers jobs that wait again, and returns the workers,
// which are to be flushed. p.mu is locked.
func (p *ProcessPool) dispatch(now time.Time) (given []*workerProcess) {
	for p.queue.n > 0 && len(p.idle) > 0 {
		n := len(p.idle) - 1
		w := p.idle[n]
		p.idle[n] = nil
		p.idle = p.idle[:n]
		p.assign(w, p.queue.pop(), now)
		w.readOnGoroutine()
		given = append(given, w)
	}
	p.startWorkers()
	return given
}

// oversee takes the calls back that lie ahead of workers whose call takes long.
func (p *ProcessPool) oversee() {
	now := time.Now()
	var slow []*workerProcess
	p.mu.Lock()
	p.overseer = nil
	for w := range p.workers {
		if len(w.jobs) < 2 {
			continue
		}
		if p.overseer == nil {
			p.overseer = time.AfterFunc(aheadPatience, p.oversee)
		}
		// Else it may be the answers that nobody hears.
		if ran := now.Sub(w.jobs[0].started); ran >= aheadPatience && wire.Unread(w.line.calls.fd) > 0 {
			w.jobs[0].pace.add(ran)
			w.line.hold()
			slow = append(slow, w)
		}
	}
	p.mu.Unlock()
	for _, w := range slow {
		w.withdraw()
		w.line.release()
	}
}

// withdraw takes those calls back that the worker has not begun, so that they
// wait again, before all others. One call stays with it: from then on the last
// one of the worker has begun, or is its only one, and those before it have
// ended. The caller holds the line.
func (w *workerProcess) withdraw() {
	p := w.pool
	o := &w.line.calls
	var given []*workerProcess
	var ended []*job
	o.writing.Lock()
	p.mu.Lock()
	if len(w.jobs) > 1 { // and so all of them are packets
		// Nobody hears an answer meanwhile: the worker may begin a call while one
		// before it is in this hand.
		if stays := w.markUnbegun(o.takeBack()); stays != nil {
			o.write(stays)
		}
		now := time.Now()
		ended = p.takeBack(w, now)
		given = p.dispatch(now)
		if p.refill(w, now) {
			given = append(given, w)
		}
		w.nextReader()
	}
	p.mu.Unlock()
	o.writing.Unlock()
	flushAll(given)
	p.failAll(ended)
}

// markUnbegun marks the jobs that the worker has not been sent, or that are in
// one of the frames that it has not read. If it has begun none of its jobs its
// first one stays, and the frame of that, if it has one, is returned.
func (w *workerProcess) markUnbegun(frames [][]byte) (stays []byte) {
	for _, j := range w.outgoing {
		j.unbegun = true
	}
	for _, frame := range frames {
		f, _, _, _ := wire.Parse(frame)
		for _, j := range w.jobs {
			if j.number == f.Call {
				j.unbegun = true
				if j == w.jobs[0] {
					stays = frame
				}
			}
		}
	}
	for _, j := range w.jobs {
		if !j.unbegun {
			return nil
		}
	}
	w.jobs[0].unbegun = false
	return stays
}

// takeBack has the worker's jobs that are marked wait again, before all others.
// It returns those that are to be failed instead. p.mu is locked.
func (p *ProcessPool) takeBack(w *workerProcess, now time.Time) (ended []*job) {
	for n := len(w.jobs) - 1; n >= 0; n-- {
		j := w.jobs[n]
		if !j.unbegun {
			continue
		}
		j.unbegun = false
		w.jobs = slices.Delete(w.jobs, n, n+1)
		w.calls--
		p.handed--
		if i := slices.Index(w.outgoing, j); i >= 0 {
			w.outgoing = slices.Delete(w.outgoing, i, i+1)
			w.line.sent()
		}
		if j.timer != nil {
			j.timer.Stop()
		}
		if j.ending == nil && p.killing {
			j.ending = aio.ErrShutdown
		}
		if j.ending != nil {
			p.finish(j, neverRan)
			ended = append(ended, j)
			continue
		}
		j.state, j.worker = jobWaiting, nil
		p.queue.push(j, true)
		p.freeFromLoops(j.owner)
	}
	if j := w.current(); j != nil && j.state == jobAhead {
		p.begin(j, now)
	}
	return ended
}

func flushAll(workers []*workerProcess) {
	for _, w := range workers {
		w.flush()
	}
}

// failAll fails jobs that are finished, each for the reason that it was ended
// for.
func (p *ProcessPool) failAll(jobs []*job) {
	for _, j := range jobs {
		p.fail(j, j.ending)
	}
}
