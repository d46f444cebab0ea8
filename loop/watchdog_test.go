package loop

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/goaio/aio/coro"
)

// watchedLoop returns a loop with a watchdog, on the real clock, whose reports of a
// kind come out of the channel.
func watchedLoop(t *testing.T, kind ReportKind, options ...func(*Options)) (*Loop, <-chan Report) {
	t.Helper()
	reports := make(chan Report, 16)
	l := newLoop(t, append([]func(*Options){func(o *Options) {
		o.Driver = ""
		o.Watchdog = 5 * time.Millisecond
		o.ReportHandler = func(r Report) {
			if r.Kind == kind {
				reports <- r
			}
		}
	}}, options...)...)
	return l, reports
}

// Whatever holds the loop goes on only when the report of it has come.
func TestAStallIsReportedWhileItLasts(t *testing.T) {
	var mu sync.Mutex
	channel := make(chan int)
	mu.Lock()
	generator := func(fn func()) error {
		g := coro.NewGenerator(func(y *coro.Yielder[int, int]) error {
			fn()
			return nil
		})
		if _, err := g.Next(); err != coro.ErrStopIteration {
			return err
		}
		return nil
	}
	for name, c := range map[string]struct {
		hold    func()
		release func()
		texts   []string
	}{
		"channel": {func() { <-channel }, func() { channel <- 1 }, []string{"it waits to receive from a channel"}},
		"mutex":   {mu.Lock, mu.Unlock, []string{"it waits in sync.Mutex.Lock", fmt.Sprintf("%p", &mu)}},
		"generator": {func() { _ = generator(func() { channel <- 1 }) }, func() { <-channel },
			[]string{"it waits to send on a channel", "NewGenerator"}},
	} {
		t.Run(name, func(t *testing.T) {
			l, reports := watchedLoop(t, Stalled)
			var got Report
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				got = <-reports
				c.release()
			}()
			task := named(l, "holder", func(ctx context.Context) error {
				if err := Yield(ctx); err != nil {
					return err
				}
				c.hold()
				return nil
			})
			if err := l.RunUntilComplete(task); err != nil {
				t.Fatal(err)
			}
			<-ended
			if got.Task != task || got.Loop != l || l.Stalls() != 1 {
				t.Errorf("reported of %v on %v, %d stalls", got.Task, got.Loop, l.Stalls())
			}
			for _, text := range append(c.texts, "a step of task holder has held loop", "watchdog_test.go:", "to do:") {
				if !strings.Contains(got.String(), text) {
					t.Errorf("%q is not in the report:\n%s", text, got)
				}
			}
		})
	}
}

func TestAStallOfACallback(t *testing.T) {
	l, reports := watchedLoop(t, Stalled)
	release := make(chan struct{})
	var got Report
	go func() { got = <-reports; close(release) }()
	l.CallSoon(func() { <-release; l.Stop() })
	if err := l.RunForever(); err != nil {
		t.Fatal(err)
	}
	if got.Task != nil || !strings.Contains(got.Message, "a callback has held") || !strings.Contains(got.Place, "TestAStallOfACallback") {
		t.Errorf("got %v", got)
	}
}

// One stall is reported once, the next one again.
func TestWhenAStallIsReported(t *testing.T) {
	l, _ := watchedLoop(t, Stalled, func(o *Options) { o.Watchdog = 100 * time.Millisecond })
	w := &stallWatch{loop: l}
	start := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	var got []string
	at := func(milliseconds int, turn uint64, idle bool) {
		held, isIdle := w.advance(start.Add(time.Duration(milliseconds)*time.Millisecond), turn, idle)
		if held > 0 || isIdle {
			w.reported = true
			got = append(got, fmt.Sprint(milliseconds, held, isIdle))
		}
	}
	for i := range 100 { // a stall of 300 ms, then a busy loop, then another
		switch ms := 25 * i; {
		case ms < 300:
			at(ms, 1, false)
		case ms < 1000:
			at(ms, uint64(ms)|1, false)
		default:
			at(ms, 10001, false)
		}
	}
	at(60_000, 10003, false) // the machine slept
	at(60_025, 10003, false)
	for i := range 100 {
		at(61_000+25*i, 10004, true)
	}
	if want := "[100 100ms false 1100 100ms false 62000 0s true]"; fmt.Sprint(got) != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

// The watchdog's goroutine is there for all loops, and gone with the last one:
// the leak check of the package sees to that.
func TestOneWatchdogForAllLoops(t *testing.T) {
	var all sync.WaitGroup
	for range 8 {
		l, _ := watchedLoop(t, Stalled, func(o *Options) { o.Watchdog = time.Hour })
		all.Go(func() {
			task := start(l, func(ctx context.Context) error {
				watchdog.mu.Lock()
				defer watchdog.mu.Unlock()
				if watchdog.watches[l] == nil {
					return errors.New("a running loop is not watched")
				}
				return nil
			})
			if err := l.RunUntilComplete(task); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	watchdog.mu.Lock()
	defer watchdog.mu.Unlock()
	if watchdog.watches != nil {
		t.Error("loops that have ended are watched")
	}
}

// With a watchdog everything runs in the same order.
func TestAPanicOfAWatchedCallback(t *testing.T) {
	var tr trace
	l, _ := watchedLoop(t, Stalled, func(o *Options) {
		o.ExceptionHandler = func(_ *Loop, e Exception) { tr.log(e.Message)() }
	})
	l.CallSoon(func() { panic(errTest) })
	start(l, func(context.Context) error { panic(errTest) })
	l.CallSoon(tr.log("the next one"))
	l.CallSoon(l.Stop)
	if err := l.RunForever(); err != nil {
		t.Fatal(err)
	}
	tr.want(t, "a callback panicked", "a task panicked", "the next one")
	if turn := l.observer.turn.Load(); turn&1 != 0 {
		t.Errorf("the turn is %d", turn)
	}
}
