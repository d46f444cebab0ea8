package coro_test

import (
	"errors"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/goaio/aio/coro"
	"github.com/goaio/aio/internal/gid"
)

// recovered returns what fn panics with.
func recovered(fn func()) (value any) {
	defer func() { value = recover() }()
	fn()
	return nil
}

func recoveredPanicError(t *testing.T, fn func()) *coro.PanicError {
	t.Helper()
	value := recovered(fn)
	p, ok := value.(*coro.PanicError)
	if !ok {
		t.Fatalf("panicked with %v, want a *PanicError", value)
	}
	return p
}

func TestResumeAndSuspendAlternate(t *testing.T) {
	var order []int
	c := coro.New(func(c *coro.Coroutine) {
		for i := range 3 {
			order = append(order, 10+i)
			c.Suspend()
		}
		order = append(order, 13)
	})
	for i := range 3 {
		order = append(order, i)
		if !c.Resume() {
			t.Fatal("ended early")
		}
	}
	if c.Ended() || c.Resume() || !c.Ended() || c.Resume() {
		t.Error("the fourth resume and each after it must find the end")
	}
	if want := []int{0, 10, 1, 11, 2, 12, 13}; !slices.Equal(order, want) {
		t.Errorf("order %v, want %v", order, want)
	}
}

func TestRecordIsRegisteredWhileTheBodyRuns(t *testing.T) {
	for name, end := range map[string]func(){
		"return": func() {},
		"panic":  func() { panic("end") },
		"Goexit": runtime.Goexit,
	} {
		t.Run(name, func(t *testing.T) {
			var inside, running bool
			c := coro.New(func(c *coro.Coroutine) {
				inside = gid.Self() == &c.Record
				c.Suspend()
				running = c.Record.Running()
				end()
			})
			c.Resume()
			if gid.Self() != nil || c.Record.Running() {
				t.Error("the resumer is taken for the coroutine")
			}
			recovered(func() { c.Resume() })
			if !inside || !running {
				t.Error("the body does not find its record")
			}
			// A goroutine that gets the ended one's identity has no record.
			for range 100 {
				found := make(chan *gid.Record)
				go func() { found <- gid.Self() }()
				if <-found != nil {
					t.Fatal("the record outlived its goroutine")
				}
			}
		})
	}
}

func TestStop(t *testing.T) {
	t.Run("not started", func(t *testing.T) {
		c := coro.New(func(*coro.Coroutine) { t.Error("the body ran") })
		c.Stop()
		c.Stop()
		for range 2 {
			if c.Resume() || !c.Ended() {
				t.Error("not ended")
			}
		}
	})
	t.Run("suspended", func(t *testing.T) {
		var got []bool
		deferred := false
		c := coro.New(func(c *coro.Coroutine) {
			defer func() { deferred = true }()
			for range 3 {
				got = append(got, c.Suspend())
			}
		})
		c.Resume()
		c.Resume()
		c.Stop()
		if want := []bool{true, false, false}; !slices.Equal(got, want) || !deferred || !c.Ended() {
			t.Errorf("Suspend returned %v, want %v; deferred ran: %v", got, want, deferred)
		}
		c.Stop()
	})
	t.Run("panic while unwinding", func(t *testing.T) {
		c := coro.New(func(c *coro.Coroutine) {
			c.Suspend()
			panic("unwound")
		})
		c.Resume()
		if p := recoveredPanicError(t, c.Stop); p.Value() != "unwound" {
			t.Errorf("got %v", p.Value())
		}
		c.Stop()
	})
	t.Run("Goexit while unwinding", func(t *testing.T) {
		c := coro.New(func(c *coro.Coroutine) {
			c.Suspend()
			runtime.Goexit()
		})
		c.Resume()
		if p := recoveredPanicError(t, c.Stop); !p.Goexit() {
			t.Error("not marked as Goexit")
		}
	})
}

func TestRunningCoroutineIsNotResumed(t *testing.T) {
	c := coro.New(func(c *coro.Coroutine) {
		for _, fn := range []func(){func() { c.Resume() }, c.Stop} {
			if v := recovered(fn); v != coro.ErrRunning {
				t.Errorf("panicked with %v, want ErrRunning", v)
			}
		}
		c.Suspend()
	})
	if !c.Resume() {
		t.Error("ended")
	}
	if recovered(func() { c.Suspend() }) == nil {
		t.Error("Suspend outside of the body did not panic")
	}
	c.Resume()
}

//go:noinline
func originOfPanic(value any) { panic(value) }

func TestPanicArrivesWithItsStack(t *testing.T) {
	reason := errors.New("reason")
	c := coro.New(func(c *coro.Coroutine) {
		c.Suspend()
		originOfPanic(reason)
	})
	c.Resume()
	p := recoveredPanicError(t, func() { c.Resume() })
	if p.Value() != reason || !errors.Is(p, reason) || p.Goexit() {
		t.Errorf("got %v", p.Value())
	}
	for _, text := range []string{string(p.Stack()), p.Error()} {
		if !strings.Contains(text, "originOfPanic") {
			t.Errorf("the origin is not in\n%s", text)
		}
	}
	if c.Resume() || !c.Ended() {
		t.Error("not ended")
	}
}

func TestPanicKeepsItsOriginThroughNestedCoroutines(t *testing.T) {
	outer := coro.New(func(*coro.Coroutine) {
		coro.New(func(*coro.Coroutine) { originOfPanic("inner") }).Resume()
	})
	p := recoveredPanicError(t, func() { outer.Resume() })
	if p.Value() != "inner" || !strings.Contains(string(p.Stack()), "originOfPanic") {
		t.Errorf("got %v", p)
	}
}

//go:noinline
func originOfGoexit() { runtime.Goexit() }

func TestGoexitIsContained(t *testing.T) {
	deferred := false
	c := coro.New(func(c *coro.Coroutine) {
		defer func() { deferred = true }()
		c.Suspend()
		originOfGoexit()
	})
	c.Resume()
	p := recoveredPanicError(t, func() { c.Resume() })
	if !p.Goexit() || p.Value() != nil || !deferred {
		t.Errorf("got %v", p)
	}
	if !strings.Contains(p.Error(), "originOfGoexit") {
		t.Errorf("the origin is not in\n%v", p)
	}
	if c.Resume() || !c.Ended() {
		t.Error("not ended")
	}
}

func TestResumedFromChangingGoroutines(t *testing.T) {
	n := 0
	c := coro.New(func(c *coro.Coroutine) {
		for c.Suspend() {
			n++
		}
	})
	c.Resume()
	for range 100 {
		done := make(chan struct{})
		go func() {
			c.Resume()
			close(done)
		}()
		<-done
	}
	c.Stop()
	if n != 100 {
		t.Errorf("%d steps, want 100", n)
	}
}
