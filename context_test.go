package aio_test

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	. "github.com/goaio/aio"
	"github.com/goaio/aio/loop"
)

// derivations are the standard library's ways to derive a context, and ours.
var derivations = []struct {
	name   string
	derive func(ctx context.Context) (context.Context, func())
}{
	{"WithValue", func(ctx context.Context) (context.Context, func()) {
		return context.WithValue(ctx, contextKey{}, "value"), func() {}
	}},
	{"WithTimeout", func(ctx context.Context) (context.Context, func()) {
		ctx, cancel := context.WithTimeout(ctx, time.Hour)
		return ctx, func() { cancel() }
	}},
	{"WithCancelCause", func(ctx context.Context) (context.Context, func()) {
		ctx, cancel := context.WithCancelCause(ctx)
		return ctx, func() { cancel(nil) }
	}},
	{"WithoutCancel", func(ctx context.Context) (context.Context, func()) {
		return context.WithoutCancel(ctx), func() {}
	}},
	{"aio.WithTimeout", func(ctx context.Context) (context.Context, func()) {
		ctx, cancel := WithTimeout(ctx, time.Hour)
		return ctx, func() { cancel() }
	}},
}

type contextKey struct{}

// chain is three derivations, the first one innermost.
type chain [3]int

func (c chain) String() string {
	return derivations[c[0]].name + ", " + derivations[c[1]].name + ", " + derivations[c[2]].name
}

// passes reports whether a cancel comes through.
func (c chain) passes() bool {
	for _, i := range c {
		if derivations[i].name == "WithoutCancel" {
			return false
		}
	}
	return true
}

func (c chain) derive(ctx context.Context) (context.Context, func()) {
	var releases []func()
	for _, i := range c {
		var release func()
		ctx, release = derivations[i].derive(ctx)
		releases = append(releases, release)
	}
	return ctx, func() {
		for _, release := range releases {
			release()
		}
	}
}

func eachChain(fn func(c chain)) {
	for i := range derivations {
		for j := range derivations {
			for k := range derivations {
				fn(chain{i, j, k})
			}
		}
	}
}

func TestContextsDerivedThreeDeepInEveryOrder(t *testing.T) {
	eachChain(func(c chain) {
		virtually(t, func(ctx context.Context) error {
			released := NewFuture[int]()
			task := Go(ctx, func(ctx context.Context) error {
				derived, release := c.derive(ctx)
				defer release()
				if contextStartedGoroutines() {
					t.Errorf("%v: a goroutine was started", c)
				}
				_, err := released.Await(derived)
				checkDerived(t, c, derived, err)
				return nil
			})
			if err := Sleep(ctx, time.Second); err != nil {
				return err
			}
			task.Cancel(errTest)
			if err := Sleep(ctx, time.Second); err != nil {
				return err
			}
			if task.Completed() != c.passes() {
				t.Errorf("%v: ended by the cancel: %v", c, task.Completed())
			}
			_ = released.SetResult(1)
			_, err := task.Await(ctx)
			return err
		})
	})
}

// contextStartedGoroutines reports whether package context has a goroutine that
// watches a parent it does not know. The number of goroutines would not do:
// what other tests started may still be on its way out or in.
func contextStartedGoroutines() bool {
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	return bytes.Contains(stacks, []byte("created by context.(*cancelCtx).propagateCancel"))
}

// A context that package context does not know costs a goroutine; without it
// the check above would hold of anything.
func TestTheCheckForGoroutinesSeesOne(t *testing.T) {
	stranger, end := context.WithCancel(context.Background())
	defer end()
	derived, cancel := context.WithCancel(struct{ strangerContext }{strangerContext{stranger}})
	defer cancel()
	for !contextStartedGoroutines() {
		runtime.Gosched()
	}
	_ = derived
}

// strangerContext hides what package context would attach to.
type strangerContext struct{ context.Context }

func (strangerContext) Value(any) any { return nil }

// checkDerived looks at a derived context after the task's was cancelled with
// errTest.
func checkDerived(t *testing.T, c chain, derived context.Context, err error) {
	t.Helper()
	if !c.passes() {
		if err != nil || derived.Err() != nil {
			t.Errorf("%v: await returned %v, Err %v", c, err, derived.Err())
		}
		return
	}
	if !errors.Is(err, context.Canceled) || !errors.Is(err, errTest) {
		t.Errorf("%v: await returned %v", c, err)
	}
	if derived.Err() != context.Canceled || context.Cause(derived) != errTest {
		t.Errorf("%v: Err %v, Cause %v", c, derived.Err(), context.Cause(derived))
	}
	select {
	case <-derived.Done():
	default:
		t.Errorf("%v: Done is not closed", c)
	}
}

func TestALibraryThatSelectsOnDoneSeesTheCancel(t *testing.T) {
	eachChain(func(c chain) {
		if !c.passes() {
			return
		}
		virtually(t, func(ctx context.Context) error {
			seen := NewFuture[error]()
			task := Go(ctx, func(ctx context.Context) error {
				derived, release := c.derive(ctx)
				defer release()
				go func() {
					<-derived.Done()
					_ = seen.SetResult(context.Cause(derived))
				}()
				return Sleep(ctx, time.Hour)
			})
			if err := Yield(ctx); err != nil {
				return err
			}
			task.Cancel(errTest)
			<-seen.Done()
			if cause, _ := seen.Result(); cause != errTest {
				t.Errorf("%v: cause %v", c, cause)
			}
			return nil
		})
	})
}

func TestAfterFuncOfATasksContext(t *testing.T) {
	virtually(t, func(ctx context.Context) error {
		called := make(chan error, 1)
		task := Go(ctx, func(ctx context.Context) error {
			context.AfterFunc(context.WithValue(ctx, contextKey{}, 1), func() { called <- context.Cause(ctx) })
			if contextStartedGoroutines() {
				t.Error("a goroutine was started")
			}
			return Sleep(ctx, time.Hour)
		})
		if err := Yield(ctx); err != nil {
			return err
		}
		task.Cancel(errTest)
		if cause := <-called; cause != errTest {
			t.Errorf("cause %v", cause)
		}
		return nil
	})
}

func TestACancelOfADerivedContextEndsOnlyTheAwait(t *testing.T) {
	virtually(t, func(ctx context.Context) error {
		inner, cancel := context.WithCancelCause(ctx)
		Go(ctx, func(ctx context.Context) error {
			cancel(errTest)
			return nil
		})
		// A plain goroutine tells the loop, which virtual time cannot know.
		waiting := Go(ctx, func(ctx context.Context) error {
			for inner.Err() == nil {
				if err := Yield(ctx); err != nil {
					return err
				}
			}
			return nil
		})
		if _, err := waiting.Await(ctx); err != nil {
			return err
		}
		_, err := NewFuture[int]().Await(inner)
		if !errors.Is(err, context.Canceled) || !errors.Is(err, errTest) {
			t.Errorf("got %v", err)
		}
		return Sleep(ctx, time.Second)
	})
}

func TestADerivedContextEndsAnAwaitThatIsUnderWay(t *testing.T) {
	err := Run(context.Background(), func(ctx context.Context) error {
		inner, cancel := context.WithCancelCause(ctx)
		go cancel(errTest)
		_, err := NewFuture[int]().Await(inner)
		if !errors.Is(err, errTest) {
			t.Errorf("got %v", err)
		}
		inner, cancelTimeout := context.WithTimeout(ctx, time.Millisecond)
		defer cancelTimeout()
		_, err = NewFuture[int]().Await(inner)
		if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		return ctx.Err()
	}, NoInterrupt())
	if err != nil {
		t.Error(err)
	}
}

func TestDeadlinesAreTheLoopsClock(t *testing.T) {
	virtually(t, func(ctx context.Context) error {
		if _, ok := ctx.Deadline(); ok {
			t.Error("a deadline out of nowhere")
		}
		start := loop.Of(ctx).Now()
		return Timeout(ctx, time.Hour, func(ctx context.Context) error {
			deadline, ok := ctx.Deadline()
			if !ok || deadline.Sub(start) != time.Hour {
				t.Errorf("deadline %v", deadline.Sub(start))
			}
			child := Go(ctx, func(ctx context.Context) error {
				if of, ok := ctx.Deadline(); !ok || !of.Equal(deadline) {
					t.Errorf("the task's deadline is %v", of)
				}
				return nil
			})
			_, err := child.Await(ctx)
			return err
		})
	})
}

func TestATasksContextEndsWithIt(t *testing.T) {
	virtually(t, func(ctx context.Context) error {
		var of, derived context.Context
		task := Go(ctx, func(ctx context.Context) error {
			of = ctx
			derived = context.WithValue(ctx, contextKey{}, 1)
			return nil
		})
		if _, err := task.Await(ctx); err != nil {
			return err
		}
		if of.Err() != context.Canceled || derived.Err() != context.Canceled {
			t.Errorf("Err %v and %v", of.Err(), derived.Err())
		}
		<-derived.Done()
		return nil
	})
}

func TestValuesComeThroughTasksAndScopes(t *testing.T) {
	virtually(t, func(ctx context.Context) error {
		ctx = context.WithValue(ctx, contextKey{}, "value")
		return Group(ctx, func(ctx context.Context) error {
			Go(ctx, func(ctx context.Context) error {
				return Timeout(ctx, time.Second, func(ctx context.Context) error {
					if v := ctx.Value(contextKey{}); v != "value" {
						t.Errorf("value %v", v)
					}
					if v := Detached(ctx).Value(contextKey{}); v != "value" {
						t.Errorf("detached: value %v", v)
					}
					return nil
				})
			})
			return nil
		})
	})
}

func TestAReadyResultWinsOverALaterCancel(t *testing.T) {
	virtually(t, func(ctx context.Context) error {
		f := NewFuture[int]()
		task := Async(ctx, func(ctx context.Context) (int, error) {
			v, err := f.Await(ctx)
			if err != nil {
				t.Errorf("the result was lost: %v", err)
			}
			if err := Sleep(ctx, time.Hour); !errors.Is(err, errTest) {
				t.Errorf("the cancel was lost: %v", err)
			}
			return v, nil
		})
		if err := Yield(ctx); err != nil {
			return err
		}
		_ = f.SetResult(7)
		task.Cancel(errTest)
		v, err := task.Await(ctx)
		if v != 7 {
			t.Errorf("got %d", v)
		}
		return err
	})
}

func TestCancelledContextsStayCancelled(t *testing.T) {
	virtually(t, func(ctx context.Context) error {
		task := Go(ctx, func(ctx context.Context) error {
			for range 3 {
				if err := Sleep(ctx, time.Hour); !errors.Is(err, errTest) {
					t.Errorf("got %v", err)
				}
			}
			return Yield(ctx)
		})
		if err := Yield(ctx); err != nil {
			return err
		}
		task.Cancel(errTest)
		start := loop.Of(ctx).Now()
		_, err := task.Await(ctx)
		if !IsCancelled(err) || !task.Cancelled() {
			t.Errorf("got %v", err)
		}
		if passed := loop.Of(ctx).Now().Sub(start); passed != 0 {
			t.Errorf("%v passed", passed)
		}
		return nil
	})
}

func TestWhoCancelledAndWhy(t *testing.T) {
	virtually(t, func(ctx context.Context) error {
		task := Go(ctx, func(ctx context.Context) error { return Sleep(ctx, time.Hour) }, Name("sleeper"))
		killer := Go(ctx, func(context.Context) error { task.Cancel(errTest); return nil }, Name("killer"))
		_, _ = killer.Await(ctx)
		_, err := task.Await(ctx)
		var cancelled *CancelledError
		if !errors.As(err, &cancelled) || cancelled.Task != "sleeper" || cancelled.By != "killer" || cancelled.Cause != errTest {
			t.Errorf("got %#v", err)
		}
		if text := err.Error(); text != "sleeper was cancelled by killer: test" {
			t.Error(text)
		}
		return nil
	})
}
