//go:build linux

package executor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/goaio/aio"
)

// order is what a call of step is to do.
type order struct {
	Name string
	Note string // where each call notes its name when it has begun
	Then string // "" for nothing, "stay" until it is killed, "exit", or how long to take
}

var errStep = errors.New("a step that fails")

var step = Func("step", func(ctx context.Context, o order) (string, error) {
	note, err := os.OpenFile(o.Note, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = fmt.Fprintln(note, o.Name)
		err = errors.Join(err, note.Close())
	}
	if err != nil {
		return "", err
	}
	Progress(ctx, 1, 1, o.Name)
	switch o.Then {
	case "":
	case "stay":
		select {}
	case "exit":
		os.Exit(5)
	default:
		d, err := time.ParseDuration(o.Then)
		if err != nil {
			return "", err
		}
		time.Sleep(d)
	}
	return o.Name, nil
})

// ahead is a pool with one worker, whose steps are short so far.
type ahead struct {
	*ProcessPool
	t    *testing.T
	note string
}

func newAhead(t *testing.T, options ProcessPoolOptions) *ahead {
	pool, err := NewProcessPool(options)
	if err != nil {
		t.Fatal(err)
	}
	a := &ahead{pool, t, filepath.Join(t.TempDir(), "note")}
	t.Cleanup(func() {
		if err := pool.Shutdown(context.Background(), KillAll); err != nil {
			t.Error(err)
		}
	})
	return a
}

// patient has the pool not take calls back by itself.
func (a *ahead) patient() *ahead {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.overseer = time.NewTimer(time.Hour)
	return a
}

// handAhead has a worker run the first of the steps and have the others ahead.
func (a *ahead) handAhead(orders ...order) []*Call[string] {
	a.t.Helper()
	gate, err := step.Submit(a.t.Context(), a, order{Name: "gate", Note: a.note})
	if err != nil {
		a.t.Fatal(err)
	}
	if _, err := gate.Await(a.t.Context()); err != nil {
		a.t.Fatal(err)
	}
	a.mu.Lock()
	a.paceOf("step").mean = time.Microsecond // however busy the machine is
	w := a.idle[0]
	a.idle = nil // it looks busy until they wait
	a.mu.Unlock()
	var calls []*Call[string]
	for _, o := range orders {
		o.Note = a.note
		call, err := step.Submit(a.t.Context(), a, o, Grace(0))
		if err != nil {
			a.t.Fatal(err)
		}
		calls = append(calls, call)
	}
	a.mu.Lock()
	if !a.refill(w, time.Now()) || len(w.jobs) != len(orders) {
		a.t.Errorf("the worker has %d jobs of %d", len(w.jobs), len(orders))
	}
	w.readOnGoroutine()
	a.mu.Unlock()
	w.flush()
	for range calls[0].Progress(a.t.Context()) {
		break
	}
	return calls
}

// noted returns the steps that have begun, in order, without the gate.
func (a *ahead) noted() string {
	b, err := os.ReadFile(a.note)
	if err != nil {
		a.t.Fatal(err)
	}
	return strings.TrimPrefix(strings.Join(strings.Fields(string(b)), " "), "gate ")
}

// await checks that the calls have succeeded.
func (a *ahead) await(calls ...*Call[string]) {
	a.t.Helper()
	for i, call := range calls {
		if _, err := call.Await(a.t.Context()); err != nil {
			a.t.Errorf("call %d: %v", i, err)
		}
	}
}

func TestAKilledCallHarmsNoneAhead(t *testing.T) {
	for _, how := range []string{"cancel", "exit", "kill"} {
		t.Run(how, func(t *testing.T) {
			a := newAhead(t, ProcessPoolOptions{Workers: 1}).patient()
			first := order{Name: "a", Then: "stay"}
			if how == "exit" {
				first.Then = "exit"
			}
			calls := a.handAhead(first, order{Name: "b"}, order{Name: "c"}, order{Name: "d"})
			switch how {
			case "cancel":
				calls[0].Cancel(nil)
			case "kill":
				a.mu.Lock()
				for w := range a.workers {
					w.signal(sigkill)
				}
				a.mu.Unlock()
			}
			_, err := calls[0].Await(t.Context())
			var died *WorkerError
			if how == "cancel" && !aio.IsCancelled(err) || how != "cancel" && !errors.As(err, &died) {
				t.Errorf("error %v", err)
			}
			a.await(calls[1:]...)
			if got := a.noted(); got != "a b c d" {
				t.Errorf("they ran as %s", got)
			}
			if s := a.Stats(); s.Succeeded != 4 || s.Failed != 1 || s.Retried != 0 || s.Died != 1 {
				t.Errorf("%+v", s)
			}
		})
	}
}

func TestACancelledCallAheadDoesNotRun(t *testing.T) {
	a := newAhead(t, ProcessPoolOptions{Workers: 1}).patient()
	calls := a.handAhead(order{Name: "a", Then: "20ms"}, order{Name: "b"}, order{Name: "c"}, order{Name: "d"})
	calls[2].Cancel(nil)
	if _, err := calls[2].Result(); !aio.IsCancelled(err) {
		t.Errorf("error %v", err)
	}
	a.await(calls[0], calls[1], calls[3])
	if got := a.noted(); got != "a b d" {
		t.Errorf("they ran as %s", got)
	}
	if s := a.Stats(); s.Died != 0 || s.Started != 1 {
		t.Errorf("%+v", s)
	}
}

// A cancelled call that has ended, which its pool has not heard yet, does not
// take the one with it that its worker has begun since.
func TestACancelComesTooLateForItsWorker(t *testing.T) {
	a := newAhead(t, ProcessPoolOptions{Workers: 1}).patient()
	calls := a.handAhead(order{Name: "a", Then: "20ms"}, order{Name: "b", Then: "50ms"}, order{Name: "c"})
	var w *workerProcess
	a.mu.Lock()
	for w = range a.workers {
	}
	a.mu.Unlock()
	w.line.reading.Lock() // nobody hears that a has ended
	for !strings.Contains(a.noted(), "b") {
		time.Sleep(time.Millisecond)
	}
	calls[0].Cancel(nil)
	w.line.reading.Unlock()
	if _, err := calls[0].Await(t.Context()); !aio.IsCancelled(err) {
		t.Errorf("error %v", err)
	}
	a.await(calls[1:]...)
	if s := a.Stats(); s.Died != 0 || s.Started != 1 {
		t.Errorf("%+v", s)
	}
}

func TestCallsAheadOfALongOneGoToAnotherWorker(t *testing.T) {
	a := newAhead(t, ProcessPoolOptions{Workers: 1})
	a.patient()
	calls := a.handAhead(order{Name: "a", Then: "stay"}, order{Name: "b"}, order{Name: "c"})
	a.mu.Lock()
	a.options.Workers = 2
	a.overseer = time.AfterFunc(0, a.oversee)
	a.mu.Unlock()
	a.await(calls[1:]...)
	if calls[0].Completed() {
		t.Error("the long call has ended")
	}
	if got := a.noted(); got != "a b c" {
		t.Errorf("they ran as %s", got)
	}
	calls[0].Cancel(nil)
	_, _ = calls[0].Await(t.Context())
}

// The time of a call counts from its start, also when it lay ahead for longer.
func TestTimeoutsOfCallsAheadCountFromTheirStart(t *testing.T) {
	a := newAhead(t, ProcessPoolOptions{Workers: 1, Timeout: 500 * time.Millisecond}).patient()
	calls := a.handAhead(order{Name: "a", Then: "300ms"}, order{Name: "b", Then: "300ms"}, order{Name: "c", Then: "stay"}, order{Name: "d"})
	a.await(calls[0], calls[1], calls[3])
	var timeout *aio.TimeoutError
	if _, err := calls[2].Await(t.Context()); !errors.As(err, &timeout) {
		t.Errorf("error %v", err)
	}
}

func TestAShutdownDropsWhatLiesAhead(t *testing.T) {
	for _, mode := range []ShutdownMode{CancelWaiting, KillAll} {
		a := newAhead(t, ProcessPoolOptions{Workers: 1}).patient()
		calls := a.handAhead(order{Name: "a", Then: "50ms"}, order{Name: "b"}, order{Name: "c"})
		if s := a.Stats(); s.Running != 1 || s.Queued != 2 {
			t.Errorf("%+v", s)
		}
		if err := a.Shutdown(t.Context(), mode); err != nil {
			t.Error(err)
		}
		for i, call := range calls {
			if _, err := call.Await(t.Context()); errors.Is(err, aio.ErrShutdown) != (i > 0 || mode == KillAll) {
				t.Errorf("mode %d, call %d: error %v", mode, i, err)
			}
		}
		if got := a.noted(); got != "a" {
			t.Errorf("they ran as %s", got)
		}
	}
}

// Workers are handed calls ahead by rules, which this looks at without any.
func TestWhatAWorkerMayTake(t *testing.T) {
	short, long := &pace{20 * time.Microsecond, true}, &pace{time.Second, true}
	sized := func(p *pace, size int) *job {
		return &job{invocation: &Invocation{function: &registration{name: "f"}}, input: make([]byte, size), pace: p}
	}
	jobs := func(n int, p *pace) (all []*job) {
		for range n {
			all = append(all, sized(p, 100))
		}
		return all
	}
	ending := sized(short, 100)
	ending.ending = errStep
	for name, test := range map[string]struct {
		has    []*job
		calls  int
		active int
		next   *job
		may    bool
	}{
		"an idle worker takes anything":         {nil, 0, 1, sized(&pace{}, 100<<10), true},
		"but no more calls than it may run":     {nil, 50, 1, sized(short, 1), false},
		"a busy one takes another":              {jobs(1, short), 1, 1, sized(long, 100), true},
		"as long as those before it are short":  {jobs(1, long), 1, 1, sized(short, 100), false},
		"all together":                          {jobs(6, short), 6, 1, sized(short, 100), false},
		"and it is known that they are":         {jobs(1, &pace{}), 1, 1, sized(short, 100), false},
		"not behind a call that is being ended": {[]*job{ending}, 1, 1, sized(short, 100), false},
		"not one that is no packet":             {jobs(1, short), 1, 1, sized(short, 4096), false},
		"not behind such a one":                 {[]*job{sized(short, 4096)}, 1, 1, sized(short, 1), false},
		"never more than so many":               {jobs(aheadMost, &pace{0, true}), 8, 1, sized(short, 1), false},
		"no more than its share":                {jobs(2, short), 2, 10, sized(short, 1), false},
	} {
		p := &ProcessPool{options: ProcessPoolOptions{CallsPerWorker: 50}, active: test.active, handed: len(test.has)}
		p.queue.n = 10
		w := &workerProcess{pool: p, jobs: test.has, calls: test.calls}
		w.line.calls.most = 16
		if w.mayTake(test.next) != test.may {
			t.Errorf("%s: %v", name, !test.may)
		}
	}
}

func TestAPaceFollowsTheCalls(t *testing.T) {
	var p pace
	p.add(time.Microsecond)
	p.add(time.Second)
	if !p.runs || p.mean < aheadTime {
		t.Errorf("after a long call: %+v", p)
	}
	for range 40 {
		p.add(time.Microsecond)
	}
	if p.mean > aheadTime/aheadMost {
		t.Errorf("after many short ones: %+v", p)
	}
}

// Many calls of all lengths, some of which are cancelled whenever it comes: each
// ends once, and begins once at most.
func TestCallsAheadBeginOnceAtMost(t *testing.T) {
	a := newAhead(t, ProcessPoolOptions{Workers: 2})
	var running sync.WaitGroup
	for g := range 32 {
		running.Go(func() {
			for i := range 20 {
				o := order{Name: fmt.Sprintf("%d-%d", g, i), Note: a.note}
				if i%7 == g%7 {
					o.Then = fmt.Sprintf("%dus", 100*(i%5))
				}
				call, err := step.Submit(t.Context(), a, o, Grace(time.Duration(i%2)*time.Second))
				if err != nil {
					t.Error(err)
					return
				}
				if i%3 == 0 {
					call.Cancel(nil)
				}
				if out, err := call.Await(t.Context()); err == nil && out != o.Name || err != nil && (i%3 != 0 || !aio.IsCancelled(err)) {
					t.Errorf("call %s: %q, error %v", o.Name, out, err)
				}
			}
		})
	}
	running.Wait()
	names := strings.Fields(a.noted())
	n := len(names)
	slices.Sort(names)
	if len(slices.Compact(names)) != n {
		t.Errorf("%d calls began, some of them twice", n)
	}
	if s := a.Stats(); s.Succeeded+s.Failed != 32*20 || s.Queued != 0 || s.Running != 0 {
		t.Errorf("%+v", s)
	}
}
