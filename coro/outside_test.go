package coro_test

import (
	"runtime"
	"slices"
	"testing"

	"github.com/goaio/aio/coro"
	"github.com/goaio/aio/internal/gid"
)

// outside runs fn on the goroutine that resumes the running generator.
func outside(fn func()) { gid.Self().Generator().Outside(fn) }

func TestOutsideRunsOnTheResumersGoroutine(t *testing.T) {
	var self, resumer, inside *gid.Record
	g := coro.NewGenerator(func(y *coro.Yielder[int, int]) error {
		for i := 0; ; i++ {
			self, resumer = gid.Self(), gid.Self().Generator().Resumer
			outside(func() { inside = gid.Self() })
			if _, err := y.Yield(i); err != nil {
				return err
			}
		}
	})
	value, err := g.Next()
	wantStep(t, value, err, 0, nil)
	if resumer != nil || inside != nil || self.Generator() == nil {
		t.Errorf("a plain goroutine has a record: %v, %v", resumer, inside)
	}
	c := coro.New(func(*coro.Coroutine) {
		value, err := g.Next()
		wantStep(t, value, err, 1, nil)
	})
	c.Resume()
	if resumer != &c.Record || inside != &c.Record {
		t.Error("the record is not the resumer's")
	}
	if self.Generator().Resumer != nil {
		t.Error("a suspended generator keeps its last resumer alive")
	}
	g.Close()
}

// A task's await inside of a generator: the resumer suspends in the middle of
// Next, and others run meanwhile.
func TestOutsideMaySuspendTheResumer(t *testing.T) {
	var order []string
	g := coro.NewGenerator(func(y *coro.Yielder[int, int]) error {
		resumer := gid.Self().Generator().Resumer.Owner.(*coro.Coroutine)
		outside(func() {
			order = append(order, "await")
			resumer.Suspend()
			order = append(order, "resumed")
		})
		_, err := y.Yield(1)
		return err
	})
	task := coro.New(func(*coro.Coroutine) {
		value, err := g.Next()
		wantStep(t, value, err, 1, nil)
		order = append(order, "yielded")
	})
	task.Record.Owner = task
	task.Resume()
	if _, err := g.Next(); err != coro.ErrRunning {
		t.Errorf("got %v, want ErrRunning", err)
	}
	order = append(order, "loop")
	task.Resume()
	if want := []string{"await", "loop", "resumed", "yielded"}; !slices.Equal(order, want) {
		t.Errorf("order %v, want %v", order, want)
	}
	g.Close()
}

func TestOutsideOfNestedGenerators(t *testing.T) {
	var where []*gid.Record
	inner := coro.NewGenerator(func(y *coro.Yielder[int, int]) error {
		outside(func() {
			where = append(where, gid.Self())
			outside(func() { where = append(where, gid.Self()) })
		})
		_, err := y.Yield(1)
		return err
	})
	var middle *gid.Record
	outer := coro.NewGenerator(func(y *coro.Yielder[int, int]) error {
		middle = gid.Self()
		defer inner.Close()
		for value := range inner.All() {
			if _, err := y.Yield(value + 10); err != nil {
				return err
			}
		}
		return nil
	})
	value, err := outer.Next()
	wantStep(t, value, err, 11, nil)
	if want := []*gid.Record{middle, nil}; !slices.Equal(where, want) {
		t.Errorf("ran on %v, want %v", where, want)
	}
	outer.Close()
}

func TestPanicOutsideArrivesInTheBody(t *testing.T) {
	g := coro.NewGenerator(func(y *coro.Yielder[any, int]) error {
		p := recoveredPanicError(t, func() { outside(func() { originOfPanic("outside") }) })
		outside(func() {})
		_, err := y.Yield(p.Value())
		return err
	})
	value, err := g.Next()
	wantStep(t, value, err, any("outside"), nil)
	g.Close()
}

func TestOutsideWhileClosing(t *testing.T) {
	ran := false
	g := coro.NewGenerator(func(y *coro.Yielder[int, int]) error {
		defer func() { outside(func() { ran = true }) }()
		_, err := y.Yield(1)
		return err
	})
	g.Next()
	if err := g.Close(); err != nil || !ran {
		t.Errorf("Close is %v, ran: %v", err, ran)
	}
}

// The resumer's goroutine ends in the middle of Next: the body must hear of it.
func TestGoexitOutsideArrivesInTheBody(t *testing.T) {
	unwound, cleaned := false, false
	g := coro.NewGenerator(func(y *coro.Yielder[int, int]) error {
		defer func() {
			unwound = true
			outside(func() { cleaned = true })
		}()
		outside(runtime.Goexit)
		return nil
	})
	done := make(chan bool)
	go func() {
		returned := false
		defer func() { done <- returned }()
		g.Next()
		returned = true
	}()
	if <-done {
		t.Error("the Goexit was swallowed")
	}
	if !unwound || !cleaned {
		t.Errorf("unwound %v, cleaned %v", unwound, cleaned)
	}
	value, err := g.Next()
	wantStep(t, value, err, 0, coro.ErrStopIteration)
}
