package coro_test

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/goaio/aio/coro"
)

var errThrown = errors.New("thrown")

// count yields 0, 1, 2, ... and returns what is thrown.
func count(y *coro.Yielder[int, int]) error {
	for i := 0; ; i++ {
		if _, err := y.Yield(i); err != nil {
			return err
		}
	}
}

func countTo(n int) func(*coro.Yielder[int, int]) error {
	return func(y *coro.Yielder[int, int]) error {
		for i := range n {
			if _, err := y.Yield(i); err != nil {
				return err
			}
		}
		return nil
	}
}

func wantStep[Y comparable](t *testing.T, value Y, err error, want Y, wantErr error) {
	t.Helper()
	if value != want || err != wantErr {
		t.Errorf("got %v, %v; want %v, %v", value, err, want, wantErr)
	}
}

func TestNextRunsToTheEnd(t *testing.T) {
	g := coro.NewGenerator(countTo(2))
	for i := range 2 {
		value, err := g.Next()
		wantStep(t, value, err, i, nil)
	}
	for range 2 {
		value, err := g.Next()
		wantStep(t, value, err, 0, coro.ErrStopIteration)
	}
	value, err := g.Send(1)
	wantStep(t, value, err, 0, coro.ErrStopIteration)
	value, err = g.Throw(errThrown)
	wantStep(t, value, err, 0, errThrown)
	if g.Close() != nil || g.Err() != nil {
		t.Error("an ended generator must close without an error")
	}
}

func TestBodyErrorArrivesOnce(t *testing.T) {
	g := coro.NewGenerator(func(*coro.Yielder[int, int]) error { return errThrown })
	value, err := g.Next()
	wantStep(t, value, err, 0, errThrown)
	value, err = g.Next()
	wantStep(t, value, err, 0, coro.ErrStopIteration)
	if g.Err() != errThrown {
		t.Errorf("Err is %v", g.Err())
	}
}

func TestSend(t *testing.T) {
	g := coro.NewGenerator(func(y *coro.Yielder[int, int]) error {
		for last := -1; ; {
			sent, err := y.Yield(last)
			if err != nil {
				return err
			}
			last = sent
		}
	})
	defer g.Close()
	value, err := g.Send(5)
	wantStep(t, value, err, 0, coro.ErrJustStarted)
	value, err = g.Send(0)
	wantStep(t, value, err, -1, nil)
	value, err = g.Send(7)
	wantStep(t, value, err, 7, nil)
	value, err = g.Next()
	wantStep(t, value, err, 0, nil)
}

func TestSendOfAnUncomparableType(t *testing.T) {
	g := coro.NewGenerator(func(y *coro.Yielder[int, any]) error {
		_, err := y.Yield(1)
		return err
	})
	defer g.Close()
	value, err := g.Send([]int{1})
	wantStep(t, value, err, 0, coro.ErrJustStarted)
	value, err = g.Send(nil)
	wantStep(t, value, err, 1, nil)
}

func TestThrow(t *testing.T) {
	t.Run("unhandled", func(t *testing.T) {
		g := coro.NewGenerator(count)
		g.Next()
		value, err := g.Throw(errThrown)
		wantStep(t, value, err, 0, errThrown)
		value, err = g.Next()
		wantStep(t, value, err, 0, coro.ErrStopIteration)
	})
	t.Run("handled", func(t *testing.T) {
		g := coro.NewGenerator(func(y *coro.Yielder[string, int]) error {
			_, err := y.Yield("first")
			_, err = y.Yield("handled " + err.Error())
			return err
		})
		g.Next()
		value, err := g.Throw(errThrown)
		wantStep(t, value, err, "handled thrown", nil)
		value, err = g.Next()
		wantStep(t, value, err, "", coro.ErrStopIteration)
	})
	t.Run("not started", func(t *testing.T) {
		g := coro.NewGenerator(func(*coro.Yielder[int, int]) error {
			t.Error("the body ran")
			return nil
		})
		value, err := g.Throw(errThrown)
		wantStep(t, value, err, 0, errThrown)
		value, err = g.Next()
		wantStep(t, value, err, 0, coro.ErrStopIteration)
	})
	t.Run("nil", func(t *testing.T) {
		g := coro.NewGenerator(countTo(1))
		if _, err := g.Throw(nil); err == nil {
			t.Error("no error")
		}
	})
}

// PEP 479: another generator's end must not pass for this one's.
func TestStopIterationOutOfTheBodyIsAnError(t *testing.T) {
	g := coro.NewGenerator(func(*coro.Yielder[int, int]) error {
		_, err := coro.NewGenerator(countTo(0)).Next()
		return err
	})
	if _, err := g.Next(); err == nil || errors.Is(err, coro.ErrStopIteration) {
		t.Errorf("got %v", err)
	}
}

func TestClose(t *testing.T) {
	body := func(result error) (*coro.Generator[int, int], *error) {
		thrown := new(error)
		return coro.NewGenerator(func(y *coro.Yielder[int, int]) error {
			_, *thrown = y.Yield(1)
			if result != nil {
				return result
			}
			return *thrown
		}), thrown
	}
	t.Run("suspended", func(t *testing.T) {
		g, thrown := body(nil)
		g.Next()
		if err := g.Close(); err != nil || *thrown != coro.ErrGeneratorExit || g.Err() != nil {
			t.Errorf("Close is %v, Yield returned %v, Err is %v", err, *thrown, g.Err())
		}
		if err := g.Close(); err != nil {
			t.Errorf("the second Close is %v", err)
		}
		value, err := g.Next()
		wantStep(t, value, err, 0, coro.ErrStopIteration)
	})
	t.Run("body returns another error", func(t *testing.T) {
		g, _ := body(errThrown)
		g.Next()
		if err := g.Close(); err != errThrown {
			t.Errorf("Close is %v", err)
		}
	})
	t.Run("body wraps the exit", func(t *testing.T) {
		g, _ := body(errors.Join(fmt.Errorf("wrapped: %w", coro.ErrGeneratorExit), nil))
		g.Next()
		if err := g.Close(); err != nil || g.Err() != nil {
			t.Errorf("Close is %v, Err is %v", err, g.Err())
		}
	})
	t.Run("cleanup fails", func(t *testing.T) {
		g, _ := body(errors.Join(coro.ErrGeneratorExit, errThrown))
		g.Next()
		if err := g.Close(); !errors.Is(err, errThrown) || !errors.Is(g.Err(), errThrown) {
			t.Errorf("Close is %v, Err is %v", err, g.Err())
		}
	})
	t.Run("not started", func(t *testing.T) {
		g, thrown := body(nil)
		if err := g.Close(); err != nil || *thrown != nil {
			t.Errorf("Close is %v, Yield returned %v", err, *thrown)
		}
		value, err := g.Next()
		wantStep(t, value, err, 0, coro.ErrStopIteration)
	})
	t.Run("ignored", func(t *testing.T) {
		g := coro.NewGenerator(func(y *coro.Yielder[int, int]) error {
			y.Yield(1)
			y.Yield(2)
			return nil
		})
		g.Next()
		if err := g.Close(); err != coro.ErrIgnoredExit {
			t.Errorf("Close is %v", err)
		}
		if err := g.Close(); err != nil {
			t.Errorf("the second Close is %v", err)
		}
	})
}

func TestAll(t *testing.T) {
	t.Run("to the end", func(t *testing.T) {
		g := coro.NewGenerator(countTo(3))
		if got := slices.Collect(g.All()); !slices.Equal(got, []int{0, 1, 2}) || g.Err() != nil {
			t.Errorf("got %v, %v", got, g.Err())
		}
	})
	t.Run("left early", func(t *testing.T) {
		var thrown error
		g := coro.NewGenerator(func(y *coro.Yielder[int, int]) error {
			_, thrown = y.Yield(1)
			return errThrown
		})
		for range g.All() {
			break
		}
		if thrown != coro.ErrGeneratorExit || g.Err() != errThrown {
			t.Errorf("Yield returned %v, Err is %v", thrown, g.Err())
		}
	})
	t.Run("left by a panic", func(t *testing.T) {
		closed := false
		g := coro.NewGenerator(func(y *coro.Yielder[int, int]) error {
			_, err := y.Yield(1)
			closed = true
			return err
		})
		value := recovered(func() {
			for range g.All() {
				panic("left")
			}
		})
		if value != "left" || !closed {
			t.Errorf("panicked with %v, closed: %v", value, closed)
		}
	})
	t.Run("body fails", func(t *testing.T) {
		g := coro.NewGenerator(func(y *coro.Yielder[int, int]) error {
			y.Yield(1)
			return errThrown
		})
		if got := slices.Collect(g.All()); !slices.Equal(got, []int{1}) || g.Err() != errThrown {
			t.Errorf("got %v, %v", got, g.Err())
		}
	})
	t.Run("exit ignored", func(t *testing.T) {
		g := coro.NewGenerator(func(y *coro.Yielder[int, int]) error {
			y.Yield(1)
			y.Yield(2)
			return nil
		})
		for range g.All() {
			break
		}
		if g.Err() != coro.ErrIgnoredExit {
			t.Errorf("Err is %v", g.Err())
		}
		g.Close()
	})
}

func TestRunningGeneratorIsNotResumed(t *testing.T) {
	var g *coro.Generator[int, int]
	attempts := func() (errs [4]error) {
		_, errs[0] = g.Next()
		_, errs[1] = g.Send(1)
		_, errs[2] = g.Throw(errThrown)
		errs[3] = g.Close()
		return errs
	}
	var byBody, byOther [4]error
	g = coro.NewGenerator(func(y *coro.Yielder[int, int]) error {
		byBody = attempts()
		done := make(chan struct{})
		go func() {
			byOther = attempts()
			close(done)
		}()
		<-done
		_, err := y.Yield(1)
		return err
	})
	value, err := g.Next()
	wantStep(t, value, err, 1, nil)
	for _, errs := range [][4]error{byBody, byOther} {
		for i, err := range errs {
			if err != coro.ErrRunning {
				t.Errorf("attempt %d: %v, want ErrRunning", i, err)
			}
		}
	}
	if err := g.Close(); err != nil {
		t.Error(err)
	}
}

func TestGeneratorPanicArrivesWithItsStack(t *testing.T) {
	g := coro.NewGenerator(func(y *coro.Yielder[int, int]) error {
		y.Yield(1)
		originOfPanic("body")
		return nil
	})
	g.Next()
	p := recoveredPanicError(t, func() { g.Next() })
	if p.Value() != "body" || !strings.Contains(string(p.Stack()), "originOfPanic") || g.Err() != p {
		t.Errorf("got %v", p)
	}
	value, err := g.Next()
	wantStep(t, value, err, 0, coro.ErrStopIteration)
}

func TestGeneratorGoexitIsAnError(t *testing.T) {
	g := coro.NewGenerator(func(y *coro.Yielder[int, int]) error {
		y.Yield(1)
		runtime.Goexit()
		return nil
	})
	g.Next()
	_, err := g.Next()
	var p *coro.PanicError
	if !errors.As(err, &p) || !p.Goexit() || g.Err() != err {
		t.Errorf("got %v", err)
	}
	value, err := g.Next()
	wantStep(t, value, err, 0, coro.ErrStopIteration)
}

// Many goroutines step one generator; what orders them is the generator alone.
func TestGeneratorStepsFromManyGoroutines(t *testing.T) {
	const goroutines, steps = 4, 200
	g := coro.NewGenerator(count)
	seen := make([]bool, goroutines*steps)
	var all sync.WaitGroup
	for range goroutines {
		all.Go(func() {
			for n := 0; n < steps; {
				value, err := g.Next()
				if err == coro.ErrRunning {
					runtime.Gosched()
					continue
				}
				if err != nil || seen[value] {
					t.Errorf("value %d again, or %v", value, err)
					return
				}
				seen[value] = true
				n++
			}
		})
	}
	all.Wait()
	if slices.Contains(seen, false) {
		t.Error("a value is missing")
	}
	g.Close()
}

func TestYieldBelongsToTheBody(t *testing.T) {
	var yielder *coro.Yielder[int, int]
	g := coro.NewGenerator(func(y *coro.Yielder[int, int]) error {
		yielder = y
		_, err := y.Yield(1)
		return err
	})
	g.Next()
	if recovered(func() { yielder.Yield(2) }) == nil {
		t.Error("Yield outside of the body did not panic")
	}
	g.Close()
}
