package loop

import (
	"fmt"
	"path/filepath"
	"reflect"
	"runtime"
	"sync/atomic"
	"time"
)

// observer is what a loop keeps for those who watch it: the watchdog of the
// process, and in debug mode the loop itself. A loop that nobody watches has
// none, and what that costs it is to look.
type observer struct {
	limit   time.Duration        // how long a callback may hold the loop
	turn    atomic.Uint64        // odd while something runs
	current atomic.Pointer[Task] // whose step that is; nil for a callback
	idle    atomic.Bool          // the loop sleeps, and knows of nothing that could wake it
	stalls  atomic.Uint64
	debug   *debugger // nil outside of debug mode
}

// The limit of debug mode where the options have none: asyncio's
// slow_callback_duration.
const defaultLimit = 100 * time.Millisecond

func newObserver(options *Options) *observer {
	limit := options.Watchdog
	debug := options.Debug || debugEnvironment()
	if limit == 0 && debug {
		limit = defaultLimit
	}
	if limit <= 0 && !debug {
		return nil
	}
	o := &observer{limit: limit}
	if debug {
		o.debug = &debugger{}
	}
	return o
}

// Stalls returns how often the watchdog has found the loop held for longer than
// its limit. Safe from any goroutine.
func (l *Loop) Stalls() uint64 {
	if l.observer == nil {
		return 0
	}
	return l.observer.stalls.Load()
}

// observe runs one entry of the ready queue.
func (l *Loop) observe(e entry) {
	o := l.observer
	t, _ := e.(*Task)
	var start time.Time
	if o.debug != nil {
		start = time.Now() // and not the loop's clock, which may be virtual
	}
	o.current.Store(t)
	o.turn.Add(1)
	defer func() { // a panic passes through
		o.turn.Add(1)
		o.current.Store(nil)
		if o.debug != nil {
			l.measured(e, time.Since(start))
		}
	}()
	l.run(e)
}

// measured is told how long an entry took.
func (l *Loop) measured(e entry, took time.Duration) {
	t, isTask := e.(*Task)
	if isTask {
		if r := t.record(); r != nil {
			r.steps.Add(1)
			r.busy.Add(int64(took))
		}
	}
	if limit := l.observer.limit; limit <= 0 || took < limit {
		return
	}
	l.Report(Report{
		Kind:    SlowCallback,
		Task:    t,
		Place:   callbackPlace(e),
		Message: fmt.Sprintf("%s held loop %d for %v", stepName(e), l.id, took.Round(time.Millisecond)),
		Advice:  adviceStall,
	})
}

const adviceStall = "hand what blocks or computes to aio.Blocking, and await channels with aio.Recv, aio.Send or aio.Select"

// stepName names what an entry of the ready queue runs.
func stepName(e entry) string {
	if t, ok := e.(*Task); ok {
		return "a step of task " + t.Name()
	}
	if fn := function(e); fn != nil {
		return "the callback " + shortName(fn.Name())
	}
	return "a callback"
}

// callbackPlace is where the function of a callback stands in the program.
func callbackPlace(e entry) string {
	fn := function(e)
	if fn == nil {
		return ""
	}
	file, line := fn.FileLine(fn.Entry())
	return fmt.Sprintf("%s:%d", filepath.Base(file), line)
}

// function is that of a callback, nil for other entries.
func function(e entry) *runtime.Func {
	var fn func()
	switch e := e.(type) {
	case callback:
		fn = e
	case *foreignCall:
		fn = e.fn
	}
	if fn == nil {
		return nil
	}
	return runtime.FuncForPC(reflect.ValueOf(fn).Pointer())
}
