package aio

import (
	"context"
	"errors"
	"sync"

	"github.com/goaio/aio/loop"
)

// executors are what a loop hands blocking work to, made on first use.
type executors struct {
	loop    *loop.Loop
	workers int
	chosen  Executor
	pool    *ThreadPool
	lookups *ThreadPool

	mu     sync.Mutex
	panics []*PanicError // of functions that nobody awaits, to be reported on the loop
	closed bool          // the loop will not run any more
}

type executorsKey struct{}

// lookupWorkers is the number of name lookups at a time: they have a pool of
// their own so that a slow name server does not hold up other work.
const lookupWorkers = 16

func executorsOf(l *loop.Loop) *executors {
	e, ok := l.Value(executorsKey{}).(*executors)
	if !ok {
		e = &executors{loop: l}
		l.SetValue(executorsKey{}, e)
	}
	return e
}

func configureExecutors(l *loop.Loop, workers int) { executorsOf(l).workers = workers }

func (e *executors) main() Executor {
	if e.chosen != nil {
		return e.chosen
	}
	if e.pool == nil {
		e.pool = NewThreadPool(e.workers, PoolName("default"))
	}
	return e.pool
}

func (e *executors) forLookups() *ThreadPool {
	if e.lookups == nil {
		e.lookups = NewThreadPool(lookupWorkers, PoolName("lookups"))
	}
	return e.lookups
}

// SetDefaultExecutor has [Blocking] use an executor on the caller's loop. Who
// made it shuts it down. On the loop only; elsewhere it panics.
func SetDefaultExecutor(executor Executor) {
	l := loop.Current()
	if l == nil {
		panic("aio: SetDefaultExecutor is for a loop's own tasks and callbacks")
	}
	executorsOf(l).chosen = executor
}

// closeExecutors shuts down what was made for the loop: what waits is dropped,
// what runs is awaited until ctx ends.
func closeExecutors(ctx context.Context, l *loop.Loop) error {
	e := executorsOf(l)
	var errs []error
	for _, pool := range []*ThreadPool{e.pool, e.lookups} {
		if pool != nil {
			errs = append(errs, pool.Shutdown(ctx, true))
		}
	}
	e.mu.Lock()
	e.closed = true
	e.mu.Unlock()
	e.reportPanics()
	return errors.Join(errs...)
}

// lost is called when a function has ended that nobody awaits, by its worker.
// e is nil if a goroutine had awaited it.
func (e *executors) lost(err error) {
	p, panicked := err.(*PanicError)
	if e == nil {
		if panicked {
			loop.DefaultExceptionHandler(nil, lostPanic(p))
		}
		return
	}
	if panicked {
		e.mu.Lock()
		closed := e.closed
		if !closed {
			e.panics = append(e.panics, p)
		}
		e.mu.Unlock()
		if closed {
			loop.DefaultExceptionHandler(e.loop, lostPanic(p))
		}
	}
	e.loop.CallSoon(func() {
		e.loop.Release()
		e.reportPanics()
	})
}

// reportPanics is called on the loop, or by whoever closes it.
func (e *executors) reportPanics() {
	e.mu.Lock()
	panics := e.panics
	e.panics = nil
	e.mu.Unlock()
	for _, p := range panics {
		e.loop.CallExceptionHandler(lostPanic(p))
	}
}

func lostPanic(p *PanicError) loop.Exception {
	return loop.Exception{Message: "a blocking function panicked after its awaiter was cancelled", Err: p}
}
