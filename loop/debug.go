package loop

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/goaio/aio/internal/goroutines"
)

// debugger is what a loop has in debug mode only.
type debugger struct {
	mu        sync.Mutex
	reported  map[string]bool // the places of which a report was made
	unawaited []*Task         // that ended while nobody awaited them
}

// debugEnvironment reports whether AIO_DEBUG asks for debug mode.
func debugEnvironment() bool {
	switch os.Getenv("AIO_DEBUG") {
	case "", "0", "false", "off":
		return false
	}
	return true
}

// Debug reports whether the loop is in debug mode. Safe from any goroutine.
func (l *Loop) Debug() bool { return l.observer != nil && l.observer.debug != nil }

// record is what debug mode keeps of a task.
type record struct {
	spawned  string // where it was started
	detached bool   // on purpose
	steps    atomic.Uint64
	busy     atomic.Int64
}

func (t *Task) record() *record {
	if m := t.scope.more.Load(); m != nil {
		return m.record
	}
	return nil
}

// recordStart is called when a task is started in debug mode, by its starter.
func (t *Task) recordStart(from *Scope) {
	t.state.Or(futureWatched)
	t.scope.detail().record = &record{
		spawned:  place(),
		detached: from != nil && from.Task() == nil && from.supervisor == nil,
	}
}

// At so many places each kind of mistake is reported once.
const maxPlaces = 1000

// first reports whether a mistake is made for the first time at a place.
func (d *debugger) first(mistake, place string) bool {
	key := mistake + "\n" + place
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.reported[key] || len(d.reported) >= maxPlaces {
		return false
	}
	if d.reported == nil {
		d.reported = map[string]bool{}
	}
	d.reported[key] = true
	return true
}

// ReportHere is [Loop.Report] for a mistake that is being made in the calling
// goroutine: in debug mode only, with the line of the program where that stands,
// and once for each such line. It is for authors of primitives. Safe from any
// goroutine.
func (l *Loop) ReportHere(r Report) {
	if !l.Debug() {
		return
	}
	r.Place = place()
	if l.observer.debug.first(string(r.Kind), r.Place) {
		l.Report(r)
	}
}

// mustBeHere is called by methods that are for the loop only.
func (l *Loop) mustBeHere(method string) {
	if l == nil || !l.Debug() || !l.running.Load() || l.onLoop() {
		return
	}
	l.ReportHere(Report{
		Kind:    WrongGoroutine,
		Message: fmt.Sprintf("%s was called outside of loop %d, which runs", method, l.id),
		Advice:  "call it in a task or callback of that loop; CallSoon takes a function there from any goroutine",
	})
}

// foreignContext is told that a task awaits with a scope of another one.
func (c *coroutine) foreignContext(s *Scope) {
	if !c.loop.Debug() || s == nil || s.Task() == nil {
		return
	}
	c.loop.ReportHere(Report{
		Kind:    ForeignContext,
		Task:    c.task,
		Message: fmt.Sprintf("task %s awaits with the context of task %s, and so is not interrupted when it is cancelled itself", c.task.Name(), s.Task().Name()),
		Advice:  "use the context that the task's own function was given; a closure has probably captured the other",
	})
}

// ErrThreadLocked is what an await returns in debug mode if the task has locked
// its OS thread: without debug mode the runtime ends the program.
var ErrThreadLocked = errors.New("aio: await with the OS thread locked; call runtime.UnlockOSThread first, or use aio.Blocking for what needs its thread")

// checkThread is called in debug mode before a task suspends. The dump of its
// own stack is the only thing that tells whether the thread is locked; it takes
// the longer the deeper the stack is.
func (c *coroutine) checkThread() error {
	if c.loop.observer == nil {
		return nil
	}
	return c.checkThreadNow("awaits")
}

// checkThreadNow is checkThread for a task that does what its coroutine is
// switched for.
func (c *coroutine) checkThreadNow(does string) error {
	if !c.loop.Debug() || goroutines.SelfLocked() == c.rare.locked {
		return nil
	}
	c.loop.ReportHere(Report{
		Kind:    ThreadLocked,
		Task:    c.task,
		Message: fmt.Sprintf("task %s %s with the OS thread locked", c.task.Name(), does),
		Advice:  "call runtime.UnlockOSThread before, or use aio.Blocking for what needs its thread",
	})
	return ErrThreadLocked
}

// So many tasks that ended before anybody awaited them are remembered. It is a
// lot, because they may well be awaited yet, one after the other.
const maxUnawaited = 10_000

// noteUnawaited is called when a task has ended without an error.
func (t *Task) noteUnawaited() {
	r := t.record()
	if r == nil || r.detached || t.state.Load()&futureRead != 0 {
		return
	}
	d := t.scope.loop.observer.debug
	if d.unawaited = append(d.unawaited, t); len(d.unawaited) <= maxUnawaited {
		return
	}
	d.unawaited = slices.DeleteFunc(d.unawaited, func(t *Task) bool { return t.state.Load()&futureRead != 0 })
	// Half of them, so that one in thousands of tasks pays for the search.
	if many := len(d.unawaited) - maxUnawaited/2; many > 0 {
		oldest := slices.Clone(d.unawaited[:many])
		d.unawaited = slices.Delete(d.unawaited, 0, many)
		reportUnawaited(oldest)
	}
}

// reportUnawaitedTasks is called at the end of the loop.
func (l *Loop) reportUnawaitedTasks() {
	if !l.Debug() {
		return
	}
	tasks := l.observer.debug.unawaited
	l.observer.debug.unawaited = nil
	reportUnawaited(tasks)
}

func reportUnawaited(tasks []*Task) {
	for _, t := range tasks {
		if t.state.Load()&futureRead == 0 {
			t.reportUnawaited("nobody awaited task %s, nor read its result")
		}
	}
}

// reportLeft is called when the loop is shut down with tasks left.
func (l *Loop) reportLeft(t *Task) {
	if r := t.record(); r != nil && !r.detached && !t.owned && t.scope.supervisor == nil {
		t.reportUnawaited("task %s was still at work at the end, and is cancelled")
	}
}

// reportUnawaited reports it once for all tasks that were started in one place.
func (t *Task) reportUnawaited(message string) {
	l, spawned := t.scope.loop, t.record().spawned
	if !l.observer.debug.first(message, spawned) {
		return
	}
	l.Report(Report{
		Kind:    Unawaited,
		Task:    t,
		Message: fmt.Sprintf(message, t.Name()),
		Advice:  "await it, or start it in an aio.Group; if it is to go on by itself, start it with aio.Detached",
		Place:   spawned,
	})
}

// mayWake reports whether the loop, which is about to sleep for that long,
// knows of anything that could wake it.
func (l *Loop) mayWake(timeout time.Duration) bool {
	return timeout >= 0 || l.watches.count > 0 || l.external.Load() > 0 || l.signals.any() || l.tasks.list.count == 0
}

// reportIdle is called by the watchdog.
func (l *Loop) reportIdle() {
	l.Report(Report{
		Kind:    Idle,
		Message: fmt.Sprintf("loop %d has tasks that wait, and knows of nothing that could wake them", l.id),
		Advice:  "if no goroutine is about to wake one of them this is a deadlock: look at what they wait for",
		Detail:  l.graph(),
	})
}
