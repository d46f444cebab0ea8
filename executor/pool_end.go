package executor

import (
	"errors"
	"fmt"
	"slices"
	"syscall"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/executor/internal/wire"
)

const (
	sigterm = syscall.SIGTERM
	sigkill = syscall.SIGKILL
)

// endJob ends a job that is not wanted any more, for a reason: one that waits
// leaves the queue, one that runs is told, and its worker is killed when that
// does not help.
func (p *ProcessPool) endJob(j *job, reason error) {
	p.mu.Lock()
	if j.state == jobEnded || j.ending != nil {
		p.mu.Unlock()
		return
	}
	j.ending = reason
	if j.state == jobWaiting {
		p.queue.remove(j)
		p.finish(j, neverRan)
		p.mu.Unlock()
		p.fail(j, reason)
		return
	}
	w := j.worker
	if len(w.jobs) > 1 {
		w.line.hold()
		p.mu.Unlock()
		w.withdraw() // what it has not begun, this job perhaps, and what is not to die with it
		w.line.release()
		p.mu.Lock()
	}
	tell := false
	switch {
	case j.state == jobEnded:
	case w.jobs[len(w.jobs)-1] != j: // it has ended; its answer is on the way
	case j.grace == 0:
		p.kill(w)
	default:
		if j.timer != nil {
			j.timer.Stop()
		}
		j.timer = time.AfterFunc(j.grace, func() { p.terminate(j) })
		tell = true
	}
	p.mu.Unlock()
	if tell {
		w.askToEnd(j.number)
	}
}

// terminate sends SIGTERM to the group of a worker that has not given up its
// job, and SIGKILL after another grace.
func (p *ProcessPool) terminate(j *job) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if j.state == jobEnded {
		return
	}
	w := j.worker
	p.doom(w)
	w.signal(sigterm)
	w.killTimer = time.AfterFunc(j.grace, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		w.signal(sigkill)
	})
}

// kill ends a worker at once. p.mu is locked, as for those below.
func (p *ProcessPool) kill(w *workerProcess) {
	p.doom(w)
	w.signal(sigkill)
}

// killFor ends a worker for a reason that its call's error tells.
func (p *ProcessPool) killFor(w *workerProcess, reason error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if w.reason == nil && !w.doomed {
		w.reason = reason
	}
	p.kill(w)
}

// signal sends a signal to the worker's group, unless that has been reaped.
func (w *workerProcess) signal(s syscall.Signal) {
	if _, alive := w.pool.workers[w]; alive {
		w.process.Signal(s)
	}
}

// doom takes a worker out of service, which will end. Another one is started in
// its place at once, since to start takes longer than to end.
func (p *ProcessPool) doom(w *workerProcess) {
	if w.doomed {
		return
	}
	w.doomed = true
	for i, idle := range p.idle {
		if idle == w {
			p.idle = append(p.idle[:i], p.idle[i+1:]...)
			break
		}
	}
	if !w.ready {
		return // it counts until startFailed
	}
	p.active--
	if !w.retired && p.refusal == nil && p.active < p.options.Workers {
		p.stats.restarted.Add(1)
		p.startOne()
	}
}

// retirePatience is how long a worker may take to end by itself.
const retirePatience = 5 * time.Second

// retire has an idle worker end by itself.
func (p *ProcessPool) retire(w *workerProcess) {
	w.retired = true
	p.doom(w)
	w.askToEnd(0)
	w.killTimer = time.AfterFunc(retirePatience, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		w.signal(sigkill)
	})
}

// endPatience is how long a worker may live when its answers have ended.
const endPatience = 200 * time.Millisecond

// expectEnd is called when the worker's answers have ended, which mostly says
// that the process has.
func (w *workerProcess) expectEnd() {
	w.pool.mu.Lock()
	defer w.pool.mu.Unlock()
	if _, alive := w.pool.workers[w]; alive && w.endTimer == nil {
		w.endTimer = time.AfterFunc(endPatience, func() { w.pool.killFor(w, errClosedAnswers) })
	}
}

var errClosedAnswers = fmt.Errorf("%w: it closed its pipe to the pool", ErrProtocol)

// reap waits for the worker's end and settles what is left of it.
func (w *workerProcess) reap() {
	p := w.pool
	w.process.Await()
	p.mu.Lock()
	delete(p.workers, w) // no signal from now on: its number may be another's
	p.doom(w)            // and no job
	p.mu.Unlock()
	w.status = w.process.Reap()
	w.line.calls.workerDied()
	w.read(false)
	w.line.calls.waiting.Wait()
	w.reclaim()
	w.stderr.finish()
	p.settle(w)
	w.line.nudge()
	w.control.Close()
	close(w.reaped)
}

// reclaim has those calls wait again that a dead worker has not begun.
func (w *workerProcess) reclaim() {
	p := w.pool
	w.line.calls.writing.Lock()
	unread := wire.Unread(w.line.calls.fd)
	p.mu.Lock()
	for _, j := range slices.Backward(w.jobs) {
		if unread > 0 || w.unread.Load() {
			j.unbegun = true
			unread -= j.frameSize()
		}
	}
	now := time.Now()
	ended := p.takeBack(w, now)
	given := p.dispatch(now)
	p.mu.Unlock()
	w.line.calls.writing.Unlock()
	flushAll(given)
	p.failAll(ended)
}

// settle ends a worker that is dead, and ends or moves the jobs that it had
// begun, which is one at most unless it broke the protocol.
func (p *ProcessPool) settle(w *workerProcess) {
	p.mu.Lock()
	if w.ready {
		p.doom(w)
	}
	for _, timer := range []*time.Timer{w.killTimer, w.endTimer} {
		if timer != nil {
			timer.Stop()
		}
	}
	w.reader.kind = readerNone
	if w.reader.watch != nil {
		w.reader.watch.dismiss()
	}
	w.line.release()
	p.living--
	if !w.retired && w.ready {
		p.stats.died.Add(1)
	}
	now := time.Now()
	for _, j := range w.jobs {
		if j.ending == nil {
			j.ending = p.fate(j, w)
		}
		if j.ending != nil && j.state == jobRunning {
			p.stats.ran.add(now.Sub(j.started))
		}
		j.unbegun = true // and will not run here, whatever its fate
	}
	ended := p.takeBack(w, now)
	given := p.dispatch(now)
	p.checkOver()
	p.mu.Unlock()
	flushAll(given)
	p.failAll(ended)
}

// fate returns the error of a job whose worker died while it ran it, or nil if
// the job is to run again.
func (p *ProcessPool) fate(j *job, w *workerProcess) error {
	err := error(&WorkerError{
		Function: j.invocation.Function(), Label: j.invocation.Label(), Pool: p.options.Name,
		PID: w.process.PID, Status: w.status.Text, Stderr: w.stderr.String(), Err: w.reason,
	})
	if errors.Is(w.reason, aio.ErrShutdown) {
		return err
	}
	j.deaths++
	if refused := p.deaths.add(j, err, p.options.DeathsPerInput); refused != nil {
		if j.retries > 0 {
			return refused
		}
		return err
	}
	if j.retries > 0 {
		j.retries--
		p.stats.retried.Add(1)
		return nil
	}
	return err
}
