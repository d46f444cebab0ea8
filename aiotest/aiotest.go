// Package aiotest runs tests on an event loop under virtual time: an hour
// passes in a millisecond, and every run of a test is the same.
//
//	func TestRetries(t *testing.T) {
//		aiotest.Run(t, func(ctx context.Context) {
//			start := loop.Of(ctx).Now()
//			if err := fetchWithRetries(ctx); err != nil { // sleeps for an hour
//				t.Fatal(err)
//			}
//			…
//		})
//	}
//
// [Shuffle] and [Shuffled] change the order in which tasks run within a round,
// by a seed, and so find code that relies on an order that nobody promises.
//
// [NoLeaks] and [VerifyMain] fail tests, of whatever kind, that leave goroutines
// or tasks behind.
package aiotest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/pprof"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/loop"
)

// Option is a setting of [Run].
type Option func(*settings)

type settings struct {
	options []aio.Option
	seed    *uint64
}

// With passes options on to [aio.Run].
func With(options ...aio.Option) Option {
	return func(s *settings) { s.options = append(s.options, options...) }
}

// Shuffle permutes, within each round of the loop, the steps of tasks among
// each other; the same seed gives the same order. Callbacks keep their places.
// A test that fails with one seed and not with another relies on more than
// asyncio promises.
func Shuffle(seed uint64) Option { return func(s *settings) { s.seed = &seed } }

// Run runs fn as the main task of a loop under virtual time, and ends with it.
// The test fails if
//   - a task is left when fn has returned and one more round has passed; it is
//     named with the await it stands in, and cancelled,
//   - a goroutine is left that was started in the test; its stack is printed,
//   - a task failed and nobody read its error, or a task or callback panicked,
//   - nothing can wake the tasks any more: the deadlock is printed with what
//     each of them waits for.
//
// t.FailNow, t.Fatal and t.Skip end the test from fn as everywhere. In another
// task they end that task, and the test when fn returns or can go on no more.
//
// Inside of a [testing/synctest] bubble the loop uses the bubble's clock, so
// that timers and contexts of the standard library are on the same virtual time
// as aio's. Outside of one those are on real time.
func Run(t testing.TB, fn func(ctx context.Context), options ...Option) {
	t.Helper()
	var s settings
	for _, option := range options {
		option(&s)
	}
	r := &run{t: t, fn: fn}
	arguments := append([]aio.Option{
		aio.Driver(clock()),
		aio.NoInterrupt(),
		aio.ExceptionHandler(r.exception),
	}, s.options...)
	if s.seed != nil {
		arguments = append(arguments, aio.Shuffle(rand.New(rand.NewPCG(*s.seed, 0)).Shuffle))
	}
	// Goroutines inherit labels, so those of this test are known by one.
	r.label = fmt.Sprintf("%s#%d", t.Name(), runs.Add(1))
	pprof.Do(context.Background(), pprof.Labels("aiotest", r.label), func(ctx context.Context) {
		defer r.goroutines() // deferred, for t.FailNow leaves aio.Run by Goexit
		r.ended(aio.Run(ctx, r.main, arguments...))
	})
}

var runs atomic.Uint64

// clock names the driver: in a bubble one that takes its time from package time.
// Bubbles begin with the year 2000, which is the documented way to tell one.
func clock() string {
	if time.Now().Year() < 2010 {
		return "portable"
	}
	return "simulated"
}

// run is one call of Run.
type run struct {
	t      testing.TB
	fn     func(ctx context.Context)
	label  string
	leaked bool // reported
}

func (r *run) main(ctx context.Context) error {
	r.fn(ctx)
	r.tasks()
	return nil
}

// tasks reports the tasks that are left one round after the end of fn.
func (r *run) tasks() {
	// A callback is no task's step: when it runs every other task has really
	// been suspended, and can be asked where.
	l, main := loop.Current(), loop.CurrentTask()
	var left []string
	looked := &loop.Future{}
	l.CallSoon(func() {
		defer looked.Complete(nil, nil)
		for _, task := range l.Tasks() {
			if task != main {
				left = append(left, fmt.Sprintf("%s (%s)", task.Name(), task.Where()))
			}
		}
	})
	_, _ = looked.Wait(context.Background())
	if len(left) > 0 {
		r.leaked = true
		r.t.Errorf("aiotest: %d tasks left behind; await them, cancel them or start them in a Group:\n\t%s",
			len(left), strings.Join(left, "\n\t"))
	}
}

// exception hears of errors that nobody read.
func (r *run) exception(_ *loop.Loop, e loop.Exception) {
	if errors.Is(e.Err, aio.ErrGoexit) && (r.t.Failed() || r.t.Skipped()) {
		return // t.FailNow in a task
	}
	name := "a callback"
	if e.Task != nil {
		name = "task " + e.Task.Name()
	}
	r.t.Errorf("aiotest: %s in %s: %v", e.Message, name, e.Err)
}

// ended reports what aio.Run returned.
func (r *run) ended(err error) {
	if err != nil {
		r.t.Errorf("aiotest: %v", err)
	}
}

// goroutines reports the goroutines that are left.
func (r *run) goroutines() {
	var left []string
	for wait := time.Microsecond; wait < time.Second; wait *= 2 {
		if left = labelled(r.label); len(left) == 0 {
			return
		}
		time.Sleep(wait) // one that is about to end still counts
	}
	r.t.Errorf("aiotest: goroutines left behind:\n\n%s", strings.Join(left, "\n\n"))
}

// labelled returns the stacks of the goroutines with a label, the caller's own
// left out, as the goroutine profile groups them.
func labelled(label string) []string {
	var profile strings.Builder
	if err := pprof.Lookup("goroutine").WriteTo(&profile, 1); err != nil {
		return []string{err.Error()}
	}
	var stacks []string
	for _, stack := range strings.Split(profile.String(), "\n\n") {
		if strings.Contains(stack, fmt.Sprintf("%q:%q", "aiotest", label)) && !strings.Contains(stack, "aiotest.labelled") {
			stacks = append(stacks, stack)
		}
	}
	return stacks
}
