package loop

import (
	"fmt"
	"sync"
	"time"
)

// watchdog is one goroutine for all loops of the process that are watched. It
// is there while one of them runs.
var watchdog struct {
	mu      sync.Mutex
	watches map[*Loop]*stallWatch
	stop    chan struct{}
}

// watch has the watchdog look at the loop while it runs.
func (l *Loop) watch() {
	if l.observer == nil || inBubble() {
		return
	}
	watchdog.mu.Lock()
	defer watchdog.mu.Unlock()
	if watchdog.watches == nil {
		watchdog.watches = map[*Loop]*stallWatch{}
		watchdog.stop = make(chan struct{})
		go runWatchdog(watchdog.stop)
	}
	watchdog.watches[l] = &stallWatch{loop: l}
}

// unwatch ends the watch. No report of this loop is under way when it returns.
func (l *Loop) unwatch() {
	if l.observer == nil {
		return
	}
	watchdog.mu.Lock()
	w := watchdog.watches[l]
	if w == nil {
		watchdog.mu.Unlock()
		return
	}
	delete(watchdog.watches, l)
	if len(watchdog.watches) == 0 {
		close(watchdog.stop)
		watchdog.watches = nil
	}
	watchdog.mu.Unlock()
	w.mu.Lock()
	w.over = true
	w.mu.Unlock()
}

// inBubble reports whether the caller is in a bubble of testing/synctest, where
// a goroutine that looks at the clock now and then would keep time moving.
// Bubbles begin with the year 2000, which is the documented way to tell one.
func inBubble() bool { return time.Now().Year() < 2010 }

// The watchdog looks so many times within a limit: a stall is reported when it
// is between one limit and five quarters of one old.
const looksPerLimit = 4

// dogInterval is how long the watchdog sleeps between two looks.
func dogInterval() time.Duration {
	watchdog.mu.Lock()
	defer watchdog.mu.Unlock()
	interval := idleAfter / looksPerLimit
	for l := range watchdog.watches {
		if limit := l.observer.limit; limit > 0 {
			interval = min(interval, limit/looksPerLimit)
		}
	}
	return max(interval, time.Millisecond)
}

func runWatchdog(stop <-chan struct{}) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-stop:
			return
		case <-timer.C:
		}
		now := time.Now()
		watchdog.mu.Lock()
		if watchdog.stop != stop {
			watchdog.mu.Unlock()
			return
		}
		watches := make([]*stallWatch, 0, len(watchdog.watches))
		for _, w := range watchdog.watches {
			watches = append(watches, w)
		}
		watchdog.mu.Unlock()
		for _, w := range watches {
			w.look(now)
		}
		timer.Reset(dogInterval())
	}
}

// stallWatch is what the watchdog remembers of one loop.
type stallWatch struct {
	loop     *Loop
	mu       sync.Mutex // held while it looks
	over     bool
	turn     uint64    // the loop's at the last look
	since    time.Time // the first look at that turn
	last     time.Time // the last look
	idle     time.Time // the first look at which the loop was idle; zero if it is not
	reported bool      // this turn
}

// A loop is idle when nothing that it knows of could wake it for this long.
const idleAfter = time.Second

// look looks at the loop at a time, and reports what is wrong with it.
func (w *stallWatch) look(now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over {
		return
	}
	switch held, idle := w.advance(now, w.loop.observer.turn.Load(), w.loop.observer.idle.Load()); {
	case held > 0:
		w.reported = w.loop.reportStall(w.turn, held)
	case idle && w.loop.Debug():
		w.reported = true
		w.loop.reportIdle()
	}
}

// advance says how long the loop has been held by one turn if that is to be
// reported now, and whether it is to be reported that the loop is idle.
func (w *stallWatch) advance(now time.Time, turn uint64, idle bool) (held time.Duration, isIdle bool) {
	limit := w.loop.observer.limit
	// A look that comes much too late says that the machine, or this process,
	// stood still, and nothing of the loop.
	late := limit > 0 && now.Sub(w.last) > max(limit, 10*time.Millisecond)
	w.last = now
	if turn != w.turn || late {
		w.turn, w.since, w.idle, w.reported = turn, now, time.Time{}, w.reported && turn == w.turn
	}
	switch {
	case !idle:
		w.idle = time.Time{}
	case w.idle.IsZero():
		w.idle = now
	}
	switch {
	case w.reported:
	case turn&1 == 1 && limit > 0 && now.Sub(w.since) >= limit:
		return now.Sub(w.since), false
	case turn&1 == 0 && !w.idle.IsZero() && now.Sub(w.idle) >= idleAfter:
		return 0, true
	}
	return 0, false
}

// reportStall reports that a turn holds the loop, if it still does when the
// stack has been taken.
func (l *Loop) reportStall(turn uint64, held time.Duration) (reported bool) {
	o := l.observer
	t := o.current.Load()
	who := "a callback"
	if t != nil {
		who = stepName(t)
	}
	holder := l.holder()
	if holder == nil || o.turn.Load() != turn {
		return false
	}
	o.stalls.Add(1)
	l.Report(Report{
		Kind:    Stalled,
		Task:    t,
		Message: fmt.Sprintf("%s has held loop %d for %v: it %s", who, l.id, held.Round(time.Millisecond), holder.doing()),
		Advice:  adviceStall,
		Place:   holder.place(),
		Detail:  holder.Text,
	})
	return true
}
