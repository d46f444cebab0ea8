package executor

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/loop"
)

// A ProcessPool is an [Executor] whose workers are processes: this program,
// started again. A function that crashes, eats all memory or will not end takes
// one process with it and costs one call; a cancel really ends it.
//
// Workers are started when calls need them, and the one that was used last is
// used first. Shut a pool down when it is done with: its workers live until
// then, or until they are idle for long. They also end when this process does,
// however that comes about; the keyboard's interrupt reaches this process alone.
// What a function starts belongs to its worker's process group and is killed
// with it, unless it leaves the group; only when this process is killed with
// SIGKILL may it live on.
//
// A process pool is there on Linux. Elsewhere [NewProcessPool] returns
// errors.ErrUnsupported.
//
// Its methods are safe from any goroutine.
type ProcessPool struct {
	options ProcessPoolOptions
	stats   poolStats

	mu       sync.Mutex
	numbers  uint64 // of jobs
	queue    jobQueue
	places   places
	workers  map[*workerProcess]struct{} // all that live, also those being killed
	idle     []*workerProcess            // the one used last at the end
	active   int                         // workers that are not being ended, also starting ones
	starting int
	failures int // starts in a row that failed
	refusal  error
	deaths   deaths
	handed   int // jobs that workers have
	sweeper  *time.Timer
	watcher  *time.Timer
	overseer *time.Timer
	paces    map[string]*pace     // of functions
	living   int                  // processes that are not settled
	stopping bool                 // shut down
	dropping bool                 // shut down, with those dropped that wait
	killing  bool                 // shut down, with every process killed
	warmed   *aio.Future[error]   // of those in WarmUp
	over     aio.Future[struct{}] // complete after a shutdown when no process is left
}

// NewProcessPool returns a pool. It starts MinWorkers processes, without waiting
// for them. It returns an error when an option makes no sense.
func NewProcessPool(options ProcessPoolOptions) (*ProcessPool, error) {
	if !supported {
		return nil, fmt.Errorf("executor: process pools need Linux: %w", errors.ErrUnsupported)
	}
	options, err := options.withDefaults()
	if err != nil {
		return nil, err
	}
	p := &ProcessPool{options: options, workers: map[*workerProcess]struct{}{}, paces: map[string]*pace{}}
	p.places.free = options.Workers + options.QueueLength
	if !isWorker || claimed.Load() {
		p.mu.Lock()
		p.startWorkers()
		p.mu.Unlock()
	}
	return p, nil
}

// Workers returns how many calls can run at a time.
func (p *ProcessPool) Workers() int { return p.options.Workers }

// Execute implements [Executor].
func (p *ProcessPool) Execute(ctx context.Context, v *Invocation) error {
	refuseUnclaimed()
	input, err := v.Input()
	if err != nil {
		return err
	}
	if int64(len(input)) > p.options.PayloadLimit {
		return fmt.Errorf("executor: the input of %s has %d bytes, of %d at most", called(v.Function(), v.Label()), len(input), p.options.PayloadLimit)
	}
	j := &job{invocation: v, pool: p, input: input, retries: v.settings.retries, timeout: v.Timeout(), grace: v.settings.grace}
	setDefault(&j.timeout, p.options.Timeout)
	if j.grace < 0 {
		j.grace = p.options.Grace
	}
	inline := false
	if v.awaited {
		j.owner = loop.Current()
		inline = j.owner == nil
	}
	p.mu.Lock()
	if err := p.deaths.refuse(j, p.options.DeathsPerInput); err != nil {
		p.mu.Unlock()
		return err
	}
	if err := p.takePlace(ctx, v.NoWait()); err != nil {
		p.mu.Unlock()
		return err
	}
	p.numbers++
	j.number = p.numbers
	j.submitted = time.Now()
	j.pace = p.paceOf(v.Function())
	w := p.place(j, inline)
	if w != nil && inline {
		turn := w.reader.turn
		w.line.hold()
		v.assist = func() { w.readFor(j, turn) }
	}
	p.mu.Unlock()
	if w != nil {
		w.flush()
	}
	v.OnCancel(j.cancel)
	return nil
}

// paceOf returns the pace of a function. p.mu is locked.
func (p *ProcessPool) paceOf(function string) *pace {
	known := p.paces[function]
	if known == nil {
		known = &pace{}
		p.paces[function] = known
	}
	return known
}

// place gives the job to an idle worker, which it returns and which is to be
// flushed, or puts it in the queue.
func (p *ProcessPool) place(j *job, inline bool) *workerProcess {
	if n := len(p.idle) - 1; n >= 0 && p.queue.n == 0 {
		w := p.idle[n]
		p.idle[n] = nil
		p.idle = p.idle[:n]
		p.assign(w, j, j.submitted)
		w.readerFor(j, inline)
		return w
	}
	j.state = jobWaiting
	p.queue.push(j, false)
	p.startWorkers()
	p.freeFromLoops(j.owner)
	return nil
}

// neverRan is how long a call ran that was never begun.
const neverRan = -1

// finish ends a job that ran for so long, and that must not have ended; the
// caller completes the invocation when it has unlocked p.mu.
func (p *ProcessPool) finish(j *job, ran time.Duration) {
	if j.timer != nil {
		j.timer.Stop()
	}
	if ran != neverRan {
		p.stats.ran.add(ran)
	}
	j.state, j.worker = jobEnded, nil
	p.freePlace()
}

// succeed and fail complete the invocation of a job that is finished, without
// p.mu.
func (p *ProcessPool) succeed(j *job, output []byte) {
	p.stats.succeeded.Add(1)
	j.invocation.Succeed(output)
}

func (p *ProcessPool) fail(j *job, err error) {
	p.stats.failed.Add(1)
	j.invocation.Fail(err)
}
