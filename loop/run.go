package loop

import (
	"runtime"
	"sync/atomic"
	"time"

	"github.com/goaio/aio/internal/gid"
)

// rounds is the state of the iteration.
type rounds struct {
	number    uint64
	clock     int64 // the driver's when it was last looked at, see waits
	todo      int   // entries of this round that have not run
	begun     bool  // the round is not over yet
	busy      int   // how often pollHere may still find nothing
	heard     int   // descriptors that were reported since the loop last waited, or shared
	saturated bool  // counted as such, see share
	stays     int64 // until then the loop does not step aside, on the driver's clock
	single    bool  // the run is of this round only
	stopping  atomic.Bool
}

// A busy loop asks the system for ready descriptors, and lets other goroutines
// run, only every so many rounds: a system call costs as much as tens of
// callbacks.
const (
	pollEvery  = 8
	yieldEvery = 64
	busyFor    = 8 // looks in vain, from the last sign that the loop is busy
)

// RunForever runs the loop on the calling goroutine until [Loop.Stop]. It
// returns [ErrRunning], [ErrNested] or [ErrClosed] when it cannot run, and
// what the driver or a [*DeadlockError] said when it cannot go on. A loop that
// has stopped can be run again.
func (l *Loop) RunForever() error {
	if err := l.enter(); err != nil {
		return err
	}
	defer l.leave()
	for {
		if over, err := l.rounds(-1); over {
			return err
		}
	}
}

// Awaitable is what RunUntilComplete runs to the end of: a future or a task.
type Awaitable interface {
	Completed() bool
	Cancelled() bool
	Err() error
	AddDoneCallback(func()) (remove func() bool)
}

// RunUntilComplete runs the loop on the calling goroutine until a is complete
// and returns the error that a ended with. It returns [ErrStopped] when Stop
// came first, else what RunForever returns.
func (l *Loop) RunUntilComplete(a Awaitable) error {
	var remove func() bool
	// On the loop, so that the callback is queued there as every other.
	add := l.CallSoon(func() { remove = a.AddDoneCallback(l.Stop) })
	if err := l.RunForever(); err != nil {
		add.Cancel()
		return err
	}
	if !a.Completed() {
		if remove != nil {
			remove()
		}
		return ErrStopped
	}
	return a.Err()
}

// Stop ends the run of the loop after the round it is in. Called while the
// loop does not run, it makes the next run last exactly one round, which does
// not wait. Safe from any goroutine.
func (l *Loop) Stop() {
	l.round.stopping.Store(true)
	if !l.onLoop() {
		l.pushForeign(nil)
	}
}

// Running reports whether the loop is being run. Safe from any goroutine.
func (l *Loop) Running() bool { return l.running.Load() }

func (l *Loop) enter() error {
	if l.closed.Load() {
		return ErrClosed
	}
	if gid.Self() != nil {
		if l.runner.Running() {
			return ErrRunning
		}
		return ErrNested
	}
	if !l.running.CompareAndSwap(false, true) {
		return ErrRunning
	}
	gid.Register(&l.runner)
	l.round.clock = l.driver.Now()
	l.list()
	l.watch()
	return nil
}

func (l *Loop) leave() {
	l.rested()
	l.unwatch()
	l.unlist()
	gid.Unregister(&l.runner)
	l.round.stopping.Store(false)
	l.running.Store(false)
}

// rounds runs the loop until it is stopped, or for that many rounds if count is
// not negative; over is false when it must be called again to go on. A panic in
// a callback leaves it early, so that only a panic pays for the recovery, and
// the rest of the round is run by the next call.
func (l *Loop) rounds(count int) (over bool, err error) {
	defer func() {
		if value := recover(); value != nil && !l.stepEnded() {
			l.callbackPanicked(value)
		}
	}()
	l.round.single = count == 1
	for {
		for l.round.todo > 0 {
			l.round.todo--
			e := l.ready.pop()
			if l.observer != nil {
				l.observe(e)
			} else if fn, ok := e.(callback); ok {
				fn()
			} else if t, ok := e.(*Task); ok {
				l.step(t)
			} else {
				l.runOther(e)
			}
		}
		if l.round.begun {
			l.round.begun = false
			if l.round.stopping.Load() {
				return true, nil
			}
			if count--; count == 0 {
				return true, nil
			}
		}
		if !l.plain() {
			if err := l.gather(); err != nil {
				return true, err
			}
		}
		l.begin()
		if l.options.Shuffle != nil {
			l.shuffle()
		}
	}
}

// run runs one entry.
func (l *Loop) run(e entry) {
	switch e := e.(type) {
	case callback:
		e()
	case *Task:
		l.step(e)
	default:
		l.runOther(e)
	}
}

// runOther runs what is less frequent.
func (l *Loop) runOther(e entry) {
	switch e := e.(type) {
	case ended:
		e.task.scope.supervisor.Ended(e.task)
	case *timer:
		e.fire()
	case *foreignCall:
		e.run()
	}
}

// plain reports whether the next round needs nothing but the ready queue.
func (l *Loop) plain() bool {
	return l.ready.head != l.ready.tail && len(l.timers.heap) == 0 && !l.foreign.waiting.Load() &&
		(l.round.number&(pollEvery-1) != 0 || l.watches.count == 0 && l.round.number&(yieldEvery-1) != 0)
}

// begin begins a round: what is queued now is what it runs.
func (l *Loop) begin() {
	l.round.begun = true
	l.round.number++
	l.round.todo = l.ready.len()
}

// gather fills the ready queue with what has become due, and waits if there is
// nothing.
func (l *Loop) gather() error {
	l.pool.trim(l)
	if l.foreign.waiting.Load() {
		l.takeForeign()
	}
	if l.ready.len() > 0 || l.round.stopping.Load() {
		if err := l.poll(); err != nil {
			return err
		}
	} else if err := l.wait(); err != nil {
		return err
	}
	if len(l.timers.heap) > 0 {
		now := l.driver.Now()
		l.round.clock = now
		for {
			t := l.timers.due(now)
			if t == nil {
				break
			}
			t.index = queued
			l.ready.push(t)
		}
	}
	return nil
}

// poll asks for ready descriptors without waiting, and lets other goroutines
// run, now and then.
func (l *Loop) poll() error {
	if l.round.number&(pollEvery-1) != 0 && !l.round.stopping.Load() {
		return nil
	}
	l.ready.settle()
	if l.watches.count > 0 {
		if err := l.driver.Wait(0, 0, l.dispatcher); err != nil {
			return err
		}
	}
	if l.round.number&(yieldEvery-1) == 0 {
		l.round.clock = l.driver.Now()
		if l.external.Load() > 0 {
			runtime.Gosched()
		}
	}
	return nil
}

// wait sleeps until something is due.
func (l *Loop) wait() error {
	timeout := l.untilTimer()
	if timeout != 0 {
		l.pool.shrink(l)
		l.ready.rest()
		l.tasks.rest()
		// Another goroutine that is about to call us is let run first: that
		// costs a hundredth of a sleep and a wake-up. Where none calls us it
		// would cost the wake-up of a thread that finds nothing to do.
		if expected := &l.foreign.expected; *expected > 0 || l.external.Load() > 0 {
			*expected = max(0, *expected-1)
			runtime.Gosched()
		}
		if l.foreign.waiting.Load() {
			l.takeForeign()
			return l.poll()
		}
		l.foreign.asleep.Store(true)
		if l.foreign.waiting.Load() {
			l.foreign.asleep.Store(false)
			l.takeForeign()
			return l.poll()
		}
	}
	external := int(l.external.Load())
	if l.virtual && timeout < 0 && external == 0 {
		l.foreign.asleep.Store(false)
		return l.deadlocked()
	}
	if o := l.observer; o != nil {
		o.idle.Store(!l.mayWake(timeout))
		defer o.idle.Store(false)
	}
	l.rested()
	l.round.heard = 0
	err := l.driver.Wait(timeout, external, l.dispatcher)
	l.foreign.asleep.Store(false)
	l.round.clock = l.driver.Now()
	if l.round.heard > 1 {
		l.round.busy = busyFor
	}
	if l.foreign.waiting.Load() {
		l.takeForeign()
	}
	return err
}

// untilTimer returns how long the earliest timer leaves, -1 without one.
func (l *Loop) untilTimer() time.Duration {
	if len(l.timers.heap) == 0 {
		return -1
	}
	return time.Duration(max(0, l.timers.heap[0].when-l.driver.Now()))
}
