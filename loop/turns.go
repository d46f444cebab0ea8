package loop

import (
	"runtime"

	"github.com/goaio/aio/coro"
)

// turns is whose turn it is: the loop's own goroutine runs callbacks and waits
// for the system, and hands control to a task for a step. A task that suspends
// hands it on to the one whose step is due next.
type turns struct {
	ring     coro.Ring
	own      coro.Coroutine // stands for the loop's own goroutine
	stepping bool           // a task has control
	single   bool           // control goes home after each step
	starters []*Task        // whose steps run the first ones of others, see startEagerly
}

// step runs a task up to its next suspension, its first one included, and the
// steps of others that follow. If a task ends in a way that ends its coroutine
// too, the coroutine's panic passes through: Task.run has dealt with what made
// it.
func (l *Loop) step(t *Task) {
	c := l.carrier(t, nil)
	own, ring, ok := &l.turns.own, &l.turns.ring, false
	l.turns.stepping = true
	if c.co.ByYield() { // Transfer in pieces, see Waiter.Wait
		ok = own.TransferByYield(ring, &c.co)
	} else {
		ok = own.TransferByNext(ring, &c.co)
	}
	if !ok {
		own.Attend(ring)
	}
	l.turns.stepping = false
}

// carrier returns the coroutine of t, which is idle if t starts and there is
// that.
func (l *Loop) carrier(t *Task, idle *coroutine) *coroutine {
	c := t.coroutine()
	if c == nil {
		c = idle
		if c == nil {
			c = l.pool.take(l)
		}
		c.task, c.scope = t, &t.scope
	}
	return c
}

// next says who goes on when a task suspends, or has ended and left its
// coroutine idle: the task whose step is due next, in this round or in one that
// begins now, which may be the same task, as long as nothing else is due; else
// home.
func (l *Loop) next(idle *coroutine) *coro.Coroutine {
	if l.turns.single || l.ready.head == l.ready.tail && !l.pollHere() {
		return l.home()
	}
	if l.round.todo == 0 {
		// Shuffle is the program's: it is called at home, as a callback is.
		if l.round.single || l.options.Shuffle != nil || !l.plain() || l.round.stopping.Load() {
			return l.home()
		}
		l.begin()
	}
	t, ok := l.ready.peek().(*Task)
	if !ok || t.coroutine() == nil && idle == nil && len(l.pool.idle) == 0 {
		// A new coroutine is made at home: that takes more stack than is left on
		// the 2 KB of a task that does little.
		return l.home()
	}
	l.round.todo--
	l.ready.pop()
	if c := t.coroutine(); c != nil {
		return &c.co
	}
	return &l.carrier(t, idle).co
}

// pollHere gathers, where control is, what the next round runs, if the loop is
// so busy that there is something. So whom that wakes needs one switch and not
// two, and the same task none. It reports false when home has to do it.
func (l *Loop) pollHere() bool {
	r := &l.round
	if r.busy == 0 || r.single || r.number&(yieldEvery-1) == 0 || l.options.Shuffle != nil || l.options.EagerStart ||
		l.foreign.waiting.Load() || l.foreign.expected > 0 || l.external.Load() > 0 || // others are to run, see wait
		r.stopping.Load() || l.closed.Load() || l.untilTimer() == 0 {
		return false
	}
	if r.heard >= shareEvery {
		l.share()
	}
	// What fails here fails at home again.
	if l.driver.Wait(0, 0, l.dispatcher) != nil || l.ready.len() == 0 {
		r.busy--
		return false
	}
	r.busy = busyFor
	l.begin()
	return true
}

// home is next without a task.
func (l *Loop) home() *coro.Coroutine {
	if l.closed.Load() {
		// What a task awaits while it is unwound takes it further.
		runtime.Goexit()
	}
	return l.turns.ring.Home()
}

// stepEnded is asked about a panic that came home. It tells that of a coroutine
// that has ended, in whose step it was, from one of a callback; the step is over
// then.
func (l *Loop) stepEnded() bool {
	ended := l.turns.stepping
	l.turns.stepping = false
	return ended
}

// apart lets the calling goroutine, whoever it is of, transfer to a coroutine in
// the middle of what it does: fn transfers as here, which stands for the
// goroutine meanwhile, and control comes back to it after one step.
func (l *Loop) apart(fn func(here *coro.Coroutine)) {
	stepping, single, home := l.turns.stepping, l.turns.single, l.turns.ring.Home()
	here := &coro.Coroutine{}
	l.turns.single = true
	l.turns.ring.SetHome(here)
	defer func() {
		if value := recover(); value != nil && !l.stepEnded() {
			panic(value)
		}
		l.turns.stepping, l.turns.single = stepping, single
		l.turns.ring.SetHome(home)
	}()
	fn(here)
}

// startEagerly runs the first step of a task within its starter's step. In debug
// mode one whose starter has the OS thread locked starts in the next round.
func (l *Loop) startEagerly(t *Task) {
	if c := self(); c != nil && l.observer != nil && c.checkThreadNow("starts an eager task") != nil {
		l.pushHere(t)
		return
	}
	starter := CurrentTask()
	if o := l.observer; o != nil {
		defer o.current.Store(starter)
		o.current.Store(t)
	}
	l.turns.starters = append(l.turns.starters, starter)
	defer func() {
		last := len(l.turns.starters) - 1
		l.turns.starters[last] = nil
		l.turns.starters = l.turns.starters[:last]
	}()
	l.apart(func(here *coro.Coroutine) {
		l.turns.stepping = true
		here.Transfer(&l.turns.ring, &l.carrier(t, nil).co)
	})
}

// disturb resumes a suspended coroutine for something else than its next step,
// see coroutine.disturbed, until it gives control back or has ended.
func (l *Loop) disturb(c *coroutine) {
	l.apart(func(here *coro.Coroutine) { here.Interrupt(&l.turns.ring, &c.co) })
}
