package properties

import (
	"context"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aiotest"
)

func TestMain(m *testing.M) { m.Run() }

// step is one use of the primitive.
type step struct {
	pause    int // milliseconds before; 0 is none, -1 a yield
	deadline int // milliseconds for the use; 0 is none
	hold     int // milliseconds that what was got is kept; -1 a yield
	choice   int // what it means is the property's
}

func (s step) String() string {
	return fmt.Sprintf("{pause %d, deadline %d, hold %d, choice %d}", s.pause, s.deadline, s.hold, s.choice)
}

// cancel is a cancel of a worker from outside.
type cancel struct{ at, worker int }

// program is what the workers of one run do.
type program struct {
	seed    uint64
	workers [][]step
	cancels []cancel
}

// Few distinct times, so that things meet.
func drawTime(t *rapid.T, label string) int { return rapid.IntRange(-1, 3).Draw(t, label) }

func draw(t *rapid.T) program {
	p := program{seed: rapid.Uint64().Draw(t, "seed")}
	p.workers = rapid.SliceOfN(rapid.SliceOfN(rapid.Custom(func(t *rapid.T) step {
		return step{
			pause:    drawTime(t, "pause"),
			deadline: max(0, drawTime(t, "deadline")),
			hold:     drawTime(t, "hold"),
			choice:   rapid.IntRange(0, 5).Draw(t, "choice"),
		}
	}), 1, 6), 1, 6).Draw(t, "workers")
	p.cancels = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) cancel {
		return cancel{rapid.IntRange(0, 6).Draw(t, "at"), rapid.IntRange(0, 5).Draw(t, "worker")}
	}), 0, 4).Draw(t, "cancels")
	return p
}

// pause waits as a step says.
func pause(ctx context.Context, milliseconds int) error {
	switch {
	case milliseconds == 0:
		return nil
	case milliseconds < 0:
		return aio.Yield(ctx)
	}
	return aio.Sleep(ctx, time.Duration(milliseconds)*time.Millisecond)
}

// within gives use the step's deadline.
func (s step) within(ctx context.Context, use func(ctx context.Context) error) error {
	if s.deadline == 0 {
		return use(ctx)
	}
	return aio.Timeout(ctx, time.Duration(s.deadline)*time.Millisecond, use)
}

// run runs the workers until each has done its steps or was cancelled. do is
// one step of one worker; an error of it is a deadline's or a cancel's.
func (p program) run(ctx context.Context, do func(ctx context.Context, worker int, s step) error) {
	workers := make([]*aio.Task[struct{}], len(p.workers))
	for i, steps := range p.workers {
		workers[i] = aio.Go(ctx, func(ctx context.Context) error {
			for _, s := range steps {
				if err := pause(ctx, s.pause); err != nil {
					return err
				}
				if err := do(ctx, i, s); aio.IsCancelled(err) {
					return err
				}
			}
			return nil
		}, aio.Name(fmt.Sprintf("worker %d", i)))
	}
	for _, c := range p.cancels {
		canceller := aio.Go(ctx, func(ctx context.Context) error {
			if err := pause(ctx, c.at-1); err != nil {
				return err
			}
			workers[c.worker%len(workers)].Cancel(nil)
			return nil
		})
		defer func() { _, _ = canceller.Await(ctx) }()
	}
	for _, worker := range workers {
		_, _ = worker.Await(ctx)
	}
}

// check runs fn for programs that rapid draws.
func check(t *testing.T, fn func(ctx context.Context, t *reporter, p program)) {
	rapid.Check(t, func(drawing *rapid.T) {
		p := draw(drawing)
		r := &reporter{TB: t, to: drawing}
		aiotest.Run(r, func(ctx context.Context) { fn(ctx, r, p) }, aiotest.Shuffle(p.seed))
		if r.failed != "" {
			drawing.Fatal(r.failed)
		}
	})
}

// reporter is the testing.TB of one program: what fails fails that, so that
// rapid can shrink it, and not the test.
type reporter struct {
	testing.TB
	to     *rapid.T
	failed string
}

func (r *reporter) Helper()      {}
func (r *reporter) Failed() bool { return r.failed != "" }

func (r *reporter) Errorf(format string, arguments ...any) {
	text := fmt.Sprintf(format, arguments...)
	r.to.Log(text)
	if r.failed == "" {
		r.failed = text
	}
}
