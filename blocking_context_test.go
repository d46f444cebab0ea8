package aio

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/goaio/aio/loop"
)

// functionsContext runs look in a function whose awaiter is cancelled, once
// with the context of before the cancel and once after it.
func functionsContext(t *testing.T, before, after func(ctx context.Context)) {
	t.Helper()
	ended := make(chan struct{})
	virtually(t, func(ctx context.Context) error {
		started, gone := NewFuture[int](), make(chan struct{})
		task := Go(ctx, func(ctx context.Context) error {
			_, err := Blocking(ctx, func(ctx context.Context) (int, error) {
				defer close(ended)
				before(ctx)
				_ = started.SetResult(1)
				<-gone
				after(ctx)
				return 0, nil
			})
			loop.TakeBack(ctx)
			close(gone)
			return err
		})
		if _, err := started.Await(ctx); err != nil {
			return err
		}
		task.Cancel(errTest)
		_, err := task.Await(ctx)
		if !IsCancelled(err) {
			t.Errorf("got %v", err)
		}
		return nil
	})
	<-ended
}

// A clean-up brings the awaiter's context back to life, but not the function's.
func TestAFunctionsContextStaysCancelled(t *testing.T) {
	for _, early := range []bool{false, true} {
		functionsContext(t, func(ctx context.Context) {
			if early {
				ctx.Done()
			}
			if ctx.Err() != nil || context.Cause(ctx) != nil {
				t.Errorf("%v, %v before the cancel", ctx.Err(), context.Cause(ctx))
			}
		}, func(ctx context.Context) {
			<-ctx.Done()
			if ctx.Err() != context.Canceled || context.Cause(ctx) != errTest {
				t.Errorf("%v, %v after it", ctx.Err(), context.Cause(ctx))
			}
		})
	}
}

func TestContextsDerivedFromAFunctionsContext(t *testing.T) {
	var early context.Context
	called := make(chan struct{})
	functionsContext(t, func(ctx context.Context) {
		var cancel context.CancelFunc
		early, cancel = context.WithCancel(context.WithValue(ctx, errTest, 7))
		_ = cancel
		context.AfterFunc(ctx, func() { close(called) })
	}, func(ctx context.Context) {
		late, cancel := context.WithCancel(ctx)
		defer cancel()
		for _, derived := range []context.Context{early, late} {
			<-derived.Done()
			if derived.Err() != context.Canceled || context.Cause(derived) != errTest {
				t.Errorf("%v, %v", derived.Err(), context.Cause(derived))
			}
		}
		if early.Value(errTest) != 7 || ctx.Value(errTest) != nil {
			t.Error("values are not handed on")
		}
		<-called
	})
}

func TestAFunctionsContextHasValuesAndDeadline(t *testing.T) {
	virtually(t, func(ctx context.Context) error {
		release := make(chan struct{})
		kind := make(chan error, 1)
		err := Timeout(context.WithValue(ctx, errTest, 7), time.Second, func(ctx context.Context) error {
			want, _ := ctx.Deadline()
			_, err := BlockingOn(ctx, goroutines{}, func(ctx context.Context) (int, error) {
				if got, ok := ctx.Deadline(); !ok || !got.Equal(want) || ctx.Value(errTest) != 7 || loop.Of(ctx) == nil {
					t.Errorf("deadline %v, %v; value %v; loop %v", got, ok, ctx.Value(errTest), loop.Of(ctx))
				}
				<-release
				<-ctx.Done()
				kind <- ctx.Err()
				return 0, nil
			})
			return err
		})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		close(release)
		if err := <-kind; err != context.DeadlineExceeded {
			t.Errorf("the function's context ended with %v", err)
		}
		return nil
	}, keepIdle())
}

// goroutines is an executor that runs every job on a goroutine of its own.
type goroutines struct{}

func (goroutines) SubmitNoWait(job Job) error            { go job.Run(); return nil }
func (goroutines) Submit(_ context.Context, j Job) error { go j.Run(); return nil }
func (goroutines) Shutdown(context.Context, bool) error  { return nil }

func TestBlockingAllocatesOneJob(t *testing.T) {
	t.Setenv("AIO_DEBUG", "") // debug mode allocates for what it keeps
	virtually(t, func(ctx context.Context) error {
		nothing := func(context.Context) (int, error) { return 0, nil }
		if n := testing.AllocsPerRun(100, func() { _, _ = Blocking(ctx, nothing) }); n > 1 {
			t.Errorf("%v allocations", n)
		}
		return nil
	})
}
