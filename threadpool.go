package aio

import (
	"context"
	"log/slog"
	"runtime"
	"sync"
	"time"
)

// A ThreadPool is an [Executor] that runs jobs on goroutines, which it keeps and uses again. It is for functions that
// block: a goroutine in a blocking system call holds an operating-system thread, and the pool bounds how many there
// are.
//
// Workers are started when a job has no other worker to run it, the one that ran last is woken first, and those that
// have been idle for a while are retired. Jobs start in the order in which they were accepted, unless
// [ThreadPool.WithPriority] says otherwise. At most as many jobs as the pool has workers and places in its queue are
// accepted and unfinished at any time.
//
// A job that panics or calls [runtime.Goexit] harms neither the pool nor the other jobs. A job that calls
// [runtime.LockOSThread] must unlock before it returns, since its worker goes on to other jobs.
//
// All methods are safe from any goroutine.
type ThreadPool struct {
	name         string
	limit        int // most workers
	queueLength  int
	idleTimeout  time.Duration
	initializer  func() error
	panicHandler func(*PanicError)

	mu      sync.Mutex
	queue   poolLevels
	free    int      // places that neither an unfinished job nor a submitter holds; while it is > 0, line is empty
	line    poolLine // submitters that wait for a place
	refusal error    // why jobs are refused; nil while they are accepted

	workers   int // all, also those that are just starting
	starting  int // started, and not yet past the initializer
	searching int // woken, or yielding once more before they park: they look at the queue next
	running   int // running a job
	idle      []*poolWorker
	idleLow   int // the smallest len(idle) since sweeper was set: the workers below it were not used since
	sweeper   *time.Timer
	sweeping  bool          // sweeper is set
	done      chan struct{} // closed when refusal is set and the last worker has ended
}

// NewThreadPool returns a pool of at most the given number of workers. With workers <= 0 it is GOMAXPROCS+4, but at
// most 32, as in concurrent.futures. No goroutine is started before the first job. A pool that is dropped without
// [ThreadPool.Shutdown] leaves nothing behind once its workers have retired.
func NewThreadPool(workers int, options ...ThreadPoolOption) *ThreadPool {
	if workers <= 0 {
		workers = min(32, runtime.GOMAXPROCS(0)+4)
	}
	p := &ThreadPool{
		limit:       min(workers, poolMaxLength),
		queueLength: DefaultPoolQueueLength,
		idleTimeout: DefaultPoolIdleTimeout,
		done:        make(chan struct{}),
	}
	for _, option := range options {
		option(p)
	}
	if p.panicHandler == nil {
		p.panicHandler = p.logPanic
	}
	p.free = p.limit + p.queueLength
	return p
}

func (p *ThreadPool) logPanic(err *PanicError) {
	slog.Error("aio: a thread pool's job panicked", "pool", p.name, "panic", err.Value, "stack", string(err.Stack))
}

// SubmitNoWait implements [Executor].
func (p *ThreadPool) SubmitNoWait(job Job) error { return p.submitNoWait(job, 0) }

func (p *ThreadPool) submitNoWait(job Job, priority int) error {
	p.mu.Lock()
	if p.refusal != nil || p.free == 0 {
		err := p.refusal
		p.mu.Unlock()
		if err == nil {
			err = ErrQueueFull
		}
		return err
	}
	p.free--
	p.enqueue(job, priority)
	return nil
}

// Submit implements [Executor].
func (p *ThreadPool) Submit(ctx context.Context, job Job) error { return p.submit(ctx, job, 0) }

func (p *ThreadPool) submit(ctx context.Context, job Job, priority int) error {
	if err := p.submitNoWait(job, priority); err != ErrQueueFull {
		return err
	}
	var place poolPlace
	reserved := make(chan struct{})
	if !p.reserve(&place, func() { close(reserved) }) {
		select {
		case <-reserved:
		case <-ctx.Done():
			p.release(&place)
			return ctx.Err()
		}
	}
	return p.submitReserved(&place, job, priority)
}

// poolBurst is how many jobs a submitter may leave behind before it has the
// workers run. On a single core a loop with hundreds of events would else submit
// a job for each before the first one starts, and every one of them would be out
// of the caches by then: 32 take a sixth less CPU than 512 (HTTP requests).
const poolBurst = 32

// enqueue is called with p.mu locked and a place taken; it unlocks.
func (p *ThreadPool) enqueue(job Job, priority int) {
	p.queue.push(job, priority)
	w := p.recruit()
	burst := p.queue.n%poolBurst == 0
	p.mu.Unlock()
	if w != nil {
		w.launch(p)
	}
	if burst {
		runtime.Gosched()
	}
}

// ThreadPoolStats is the state of a [ThreadPool] at one moment.
type ThreadPoolStats struct {
	Workers int // goroutines there are, of at most MaxWorkers
	Idle    int // workers that sleep
	Running int // jobs that run
	Queued  int // jobs that were accepted and have not started
	Waiting int // submitters that wait for a place

	MaxWorkers  int
	QueueLength int
}

// Stats returns the pool's state.
func (p *ThreadPool) Stats() ThreadPoolStats {
	p.mu.Lock()
	defer p.mu.Unlock()
	return ThreadPoolStats{
		Workers:     p.workers,
		Idle:        len(p.idle),
		Running:     p.running,
		Queued:      p.queue.n,
		Waiting:     p.line.n,
		MaxWorkers:  p.limit,
		QueueLength: p.queueLength,
	}
}
