// Package loop is the engine under package aio, and asyncio's low-level API:
// a loop with its ready queue, timers and watched descriptors, and the tasks
// that run on it as coroutines. Programs start with package aio; this package
// is for those that need a loop of their own, callbacks or descriptors, and for
// authors of primitives, who build on [Waiter].
//
// A round of a loop is asyncio's, exactly: callbacks of descriptors that are
// ready and of timers that are due join the ready queue, then precisely what
// was queued is run, in order. What that adds waits for the next round.
package loop

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/goaio/aio/internal/driver"
	"github.com/goaio/aio/internal/gid"
)

var (
	// ErrClosed says that the loop was closed.
	ErrClosed = errors.New("aio: the loop is closed")
	// ErrRunning says that the loop runs already, here or on another goroutine.
	ErrRunning = errors.New("aio: the loop is running already")
	// ErrNested says that the calling goroutine runs another loop, or a task
	// of one: a goroutine runs one loop at a time.
	ErrNested = errors.New("aio: this goroutine runs a loop or a task already; run the second loop on a goroutine of its own")
	// ErrStopped says that Stop ended the loop before what it was to run was
	// complete.
	ErrStopped = errors.New("aio: the loop was stopped before the future was complete")
)

// Loop is an event loop. It runs on the goroutine that calls one of its Run
// methods. Methods are for the loop's own tasks and callbacks unless they say
// that they are safe from any goroutine.
type Loop struct {
	id         uint64
	driver     driver.Driver
	rearmer    driver.Rearmer             // the driver, if it is one
	dispatcher func(int, driver.Interest) // l.dispatch, bound once
	virtual    bool
	epoch      time.Time
	ready      ready
	timers     timers
	watches    watches
	signals    signals
	foreign    foreign
	runner     gid.Record
	pool       pool
	tasks      registry
	unread     unread
	round      rounds
	turns      turns
	external   atomic.Int64
	observer   *observer // nil if nobody watches
	values     map[any]any
	onClose    []func()
	options    Options
	closed     atomic.Bool
	running    atomic.Bool
}

// Options are the settings of a loop.
type Options struct {
	// Driver is "epoll", "simulated" or another name that the system has. Empty
	// means the environment's AIO_DRIVER, else the system's best.
	Driver string
	// ExceptionHandler hears of panics in callbacks, and of errors of tasks
	// that nobody awaited. Nil means a report to slog's default logger.
	ExceptionHandler func(*Loop, Exception)
	// Idle is called under virtual time when nothing is ready, no timer is left
	// and nobody outside is known who could wake the loop. It may queue
	// something; if it is nil or queues nothing the loop ends with a
	// [*DeadlockError].
	Idle func()
	// Shuffle, if not nil, is called at the start of each round with the number
	// of task steps in it, and permutes them with swap: [math/rand.Shuffle] has
	// its form. A program that fails then relies on an order of tasks that
	// asyncio does not promise.
	Shuffle func(n int, swap func(i, j int))
	// Debug has the loop look out for mistakes, at some cost: methods that are
	// called on the wrong goroutine, awaits with another task's context or with
	// the OS thread locked, tasks that nobody awaits, callbacks that take long,
	// tasks that nothing can wake. AIO_DEBUG=1 in the environment does so for
	// every loop.
	Debug bool
	// Watchdog is how long one callback or one step of a task may hold the loop
	// before the stack of the goroutine that holds it is reported. Zero means
	// never, but in debug mode 100 ms; a negative one never.
	Watchdog time.Duration
	// ReportHandler hears what the watchdog and debug mode have to say. Nil
	// means that it is printed on standard error. It is called on the goroutine
	// where something happened, for a stall and an idle loop on that of the
	// watchdog; it must not wait, least of all for the loop.
	ReportHandler func(Report)
	// ProfileLabels has each coroutine carry the name of its task as a label,
	// [ProfileLabel], so that profiles can be split by task. It takes about 300
	// ns a task.
	ProfileLabels bool
	// EagerStart runs a task that is started on the loop up to its first
	// suspension at once, in its starter's step. Who starts one must not have the
	// OS thread locked (runtime.LockOSThread), just as if it awaited.
	EagerStart bool
}

// New returns a loop.
func New(options Options) (*Loop, error) {
	d, err := driver.Open(options.Driver)
	if err != nil {
		return nil, err
	}
	_, virtual := d.(*driver.Simulated)
	l := &Loop{id: loopIDs.Add(1), driver: d, virtual: virtual, epoch: d.Epoch(), options: options}
	l.rearmer, _ = d.(driver.Rearmer)
	l.dispatcher = l.dispatch
	l.runner.Owner = l
	l.turns.ring.SetHome(&l.turns.own)
	if l.observer = newObserver(&l.options); l.observer != nil {
		l.turns.single = true // each step is an entry of its own
	}
	return l, nil
}

// onLoop reports whether the caller is the loop's own task or callback.
func (l *Loop) onLoop() bool {
	r := gid.Self()
	if r == nil {
		return false
	}
	if c, ok := r.Owner.(*coroutine); ok { // what most are
		return c.loop == l
	}
	if r = runner(r); r == nil {
		return false
	}
	if c, ok := r.Owner.(*coroutine); ok {
		return c.loop == l
	}
	return r == &l.runner
}

// pushHere queues e from the loop itself.
func (l *Loop) pushHere(e entry) uint64 {
	if l.foreign.waiting.Load() || l.ready.full() {
		l.makeWay()
	}
	return l.ready.put(e)
}

// makeWay is what pushHere does, now and then, before it queues anything.
func (l *Loop) makeWay() {
	if l.foreign.waiting.Load() {
		l.takeForeign()
	}
	if l.ready.full() {
		l.ready.grow()
	}
}

// pushStep queues the next step of a task, from anywhere.
func (l *Loop) pushStep(t *Task) {
	if l.onLoop() {
		l.pushHere(t)
	} else {
		l.pushForeign(t)
	}
}

// CallSoon queues fn for the next round. Callbacks run in the order in which
// they were queued, each once, from whichever goroutine that was. On a closed
// loop fn is dropped. Safe from any goroutine.
func (l *Loop) CallSoon(fn func()) Handle {
	if l.runner.Running() || l.onLoop() {
		// What pushHere does stands here once more: a call less is worth 1 ns of 10.
		if l.foreign.waiting.Load() || l.ready.full() {
			l.makeWay()
		}
		return Handle{loop: l, at: l.ready.put(callback(fn))}
	}
	return l.callForeign(fn)
}

func (l *Loop) callForeign(fn func()) Handle {
	call := &foreignCall{fn: fn}
	l.pushForeign(call)
	return Handle{loop: l, call: call}
}

// CallLater queues fn when d has passed on the loop's clock. Safe from any
// goroutine.
func (l *Loop) CallLater(d time.Duration, fn func()) Handle {
	return l.callAt(later(l.driver.Now(), d), fn)
}

// CallAt queues fn when the loop's clock has reached that time. Timers of
// equal times fire in the order in which they were set. Safe from any
// goroutine.
func (l *Loop) CallAt(when time.Time, fn func()) Handle { return l.callAt(l.at(when), fn) }

func (l *Loop) callAt(when int64, fn func()) Handle {
	t := &timer{when: when, fn: fn, index: outside}
	if l.onLoop() {
		l.timers.add(t)
	} else {
		l.pushForeign(callback(func() { l.timers.add(t) }))
	}
	return Handle{loop: l, timer: t}
}

func (l *Loop) cancelTimer(t *timer) {
	t.fn, t.waiter = nil, nil
	if t.index >= 0 {
		l.timers.remove(t)
	}
}

// later adds without overflow.
func later(now int64, d time.Duration) int64 {
	if when := now + int64(d); d <= 0 || when > now {
		return when
	}
	return 1<<63 - 1
}

// at turns a time into nanoseconds on the driver's clock.
func (l *Loop) at(when time.Time) int64 { return int64(when.Sub(l.epoch)) }

// Now returns the time on the loop's clock. Safe from any goroutine.
func (l *Loop) Now() time.Time { return l.epoch.Add(time.Duration(l.driver.Now())) }

// Virtual reports whether the loop's clock is a simulated one.
func (l *Loop) Virtual() bool { return l.virtual }

// Driver returns the name of the loop's driver.
func (l *Loop) Driver() string { return l.driver.Name() }

// Hold tells the loop that somebody outside is at work who will call it: its
// virtual clock stands still until as many calls of Release. Safe from any
// goroutine.
func (l *Loop) Hold() { l.external.Add(1) }

// Release takes one Hold back. Safe from any goroutine.
func (l *Loop) Release() { l.external.Add(-1) }

// Value returns what SetValue stored. On the loop, or before it runs.
func (l *Loop) Value(key any) any {
	l.mustBeHere("Loop.Value")
	return l.values[key]
}

// SetValue keeps a value with the loop. On the loop, or before it runs.
func (l *Loop) SetValue(key, value any) {
	l.mustBeHere("Loop.SetValue")
	if l.values == nil {
		l.values = map[any]any{}
	}
	l.values[key] = value
}

// OnClose has fn called when the loop is closed, after its last task has ended:
// for what holds on to it. On the loop, or before it runs.
func (l *Loop) OnClose(fn func()) {
	l.mustBeHere("Loop.OnClose")
	l.onClose = append(l.onClose, fn)
}

func (l *Loop) String() string {
	state := "stopped"
	switch {
	case l.closed.Load():
		state = "closed"
	case l.running.Load():
		state = "running"
	}
	return fmt.Sprintf("loop(%s, %s)", l.driver.Name(), state)
}

var _ context.Context = (*Scope)(nil)
