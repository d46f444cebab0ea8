package aio_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	. "github.com/goaio/aio"
	"github.com/goaio/aio/loop"
)

func TestTimeout(t *testing.T) {
	virtually(t, func(ctx context.Context) error {
		start := loop.Of(ctx).Now()
		err := Timeout(ctx, time.Second, func(ctx context.Context) error {
			err := Sleep(ctx, time.Hour)
			if !IsCancelled(err) || !errors.Is(err, context.DeadlineExceeded) || ctx.Err() != context.DeadlineExceeded {
				t.Errorf("inside: %v, Err %v", err, ctx.Err())
			}
			return err
		})
		var timeout *TimeoutError
		var network net.Error
		if !errors.As(err, &timeout) || timeout.After != time.Second || !errors.Is(err, context.DeadlineExceeded) ||
			IsCancelled(err) || !errors.As(err, &network) || !network.Timeout() {
			t.Errorf("got %v", err)
		}
		if passed := loop.Of(ctx).Now().Sub(start); passed != time.Second {
			t.Errorf("%v passed", passed)
		}
		if ctx.Err() != nil {
			t.Errorf("outside: %v", ctx.Err())
		}
		return Sleep(ctx, time.Second)
	})
}

func TestOtherOutcomesOfATimeoutStand(t *testing.T) {
	virtually(t, func(ctx context.Context) error {
		if err := Timeout(ctx, time.Second, func(ctx context.Context) error { return nil }); err != nil {
			t.Error(err)
		}
		if err := Timeout(ctx, time.Second, func(ctx context.Context) error {
			_ = Sleep(ctx, time.Hour)
			return errTest
		}); err != errTest {
			t.Error(err)
		}
		if err := Timeout(ctx, 0, func(ctx context.Context) error { return Yield(ctx) }); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		return nil
	})
}

// Calls that get an older context of the task are not the inner scope's.
func TestAnOuterContextIsNotTimedOut(t *testing.T) {
	virtually(t, func(outer context.Context) error {
		return Timeout(outer, time.Second, func(ctx context.Context) error {
			if err := Sleep(outer, time.Hour); err != nil {
				t.Errorf("outer: %v", err)
			}
			if err := Sleep(ctx, time.Hour); !IsCancelled(err) {
				t.Errorf("inner: %v", err)
			}
			return nil
		})
	})
}

func TestNestedTimeouts(t *testing.T) {
	virtually(t, func(ctx context.Context) error {
		var inner error
		outer := Timeout(ctx, time.Second, func(ctx context.Context) error {
			inner = Timeout(ctx, time.Hour, func(ctx context.Context) error { return Sleep(ctx, 2*time.Hour) })
			return inner
		})
		var timeout *TimeoutError
		if !errors.As(outer, &timeout) || !IsCancelled(inner) || errors.As(inner, &timeout) {
			t.Errorf("inner %v, outer %v", inner, outer)
		}
		return nil
	})
}

func TestACancelFromOutsideWinsOverATimeout(t *testing.T) {
	virtually(t, func(ctx context.Context) error {
		task := Go(ctx, func(ctx context.Context) error {
			return Timeout(ctx, time.Second, func(ctx context.Context) error { return Sleep(ctx, time.Hour) })
		})
		loop.Of(ctx).CallLater(time.Second, func() { task.Cancel(errTest) })
		_, err := task.Await(ctx)
		var timeout *TimeoutError
		if !IsCancelled(err) || errors.As(err, &timeout) {
			t.Errorf("got %v", err)
		}
		return nil
	})
}

func TestTasksOfATimeoutEndWithIt(t *testing.T) {
	virtually(t, func(ctx context.Context) error {
		var task *Task[struct{}]
		_ = Timeout(ctx, time.Second, func(ctx context.Context) error {
			task = Go(ctx, func(ctx context.Context) error { return Sleep(ctx, time.Hour) })
			return Sleep(ctx, time.Hour)
		})
		if _, err := task.Await(ctx); !IsCancelled(err) {
			t.Errorf("got %v", err)
		}
		return nil
	})
}

func TestCleanupRunsOnALiveContext(t *testing.T) {
	virtually(t, func(ctx context.Context) error {
		start := loop.Of(ctx).Now()
		var log lines
		task := Go(ctx, func(ctx context.Context) error {
			err := Sleep(ctx, time.Hour)
			if clean := Cleanup(ctx, time.Minute, func(ctx context.Context) error {
				if ctx.Err() != nil {
					t.Errorf("inside: %v", ctx.Err())
				}
				log.log("goodbye")
				return Sleep(ctx, 10*time.Second)
			}); clean != nil {
				t.Errorf("clean-up: %v", clean)
			}
			if again := Sleep(ctx, time.Hour); !IsCancelled(again) {
				t.Errorf("afterwards: %v", again)
			}
			return err
		})
		_ = Sleep(ctx, time.Second)
		task.Cancel(errTest)
		_ = Sleep(ctx, time.Second)
		task.Cancel(nil) // does not reach the clean-up
		_, _ = task.Await(ctx)
		log.want(t, "goodbye")
		if passed := loop.Of(ctx).Now().Sub(start); passed != 11*time.Second {
			t.Errorf("%v passed", passed)
		}
		return nil
	})
}

func TestCleanupHasItsGraceAndNoMore(t *testing.T) {
	virtually(t, func(ctx context.Context) error {
		task := Go(ctx, func(ctx context.Context) error {
			_ = Sleep(ctx, time.Hour)
			err := Cleanup(ctx, time.Second, func(ctx context.Context) error { return Sleep(ctx, time.Hour) })
			var timeout *TimeoutError
			if !errors.As(err, &timeout) {
				t.Errorf("got %v", err)
			}
			return nil
		})
		_ = Yield(ctx)
		task.Cancel(nil)
		_, err := task.Await(ctx)
		return err
	})
}

func TestADeadlineAroundACleanupIsKept(t *testing.T) {
	virtually(t, func(ctx context.Context) error {
		start := loop.Of(ctx).Now()
		task := Go(ctx, func(ctx context.Context) error {
			return Timeout(ctx, 2*time.Second, func(ctx context.Context) error {
				_ = Sleep(ctx, time.Hour)
				return Cleanup(ctx, time.Hour, func(ctx context.Context) error { return Sleep(ctx, time.Hour) })
			})
		})
		_ = Sleep(ctx, time.Second)
		task.Cancel(nil)
		_, _ = task.Await(ctx)
		if passed := loop.Of(ctx).Now().Sub(start); passed != 2*time.Second {
			t.Errorf("%v passed", passed)
		}
		return nil
	})
}

func TestWithTimeoutIsOnTheLoopsClock(t *testing.T) {
	virtually(t, func(ctx context.Context) error {
		inner, cancel := WithTimeout(ctx, time.Hour)
		defer cancel()
		err := Sleep(inner, 2*time.Hour)
		if !errors.Is(err, context.DeadlineExceeded) || inner.Err() != context.DeadlineExceeded {
			t.Errorf("got %v, Err %v", err, inner.Err())
		}
		derived := context.WithValue(inner, contextKey{}, 1)
		if err := Sleep(derived, time.Hour); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("derived: %v", err)
		}
		return Sleep(ctx, time.Second)
	})
}

func TestADeadlineIsRescheduled(t *testing.T) {
	virtually(t, func(ctx context.Context) error {
		l := loop.Of(ctx)
		start := l.Now()
		inner, cancel := WithDeadline(ctx, start.Add(time.Second))
		defer cancel()
		l.CallLater(500*time.Millisecond, func() { inner.Reschedule(start.Add(time.Hour)) })
		_ = Sleep(inner, 5*time.Hour)
		if passed := l.Now().Sub(start); passed != time.Hour || !inner.Expired() {
			t.Errorf("%v passed", passed)
		}
		if inner.Reschedule(l.Now().Add(time.Hour)) {
			t.Error("a deadline that has passed was moved")
		}
		return nil
	})
}

func TestTimeoutsOnAPlainGoroutine(t *testing.T) {
	ctx := context.Background()
	err := Timeout(ctx, time.Millisecond, func(ctx context.Context) error { return Sleep(ctx, time.Hour) })
	var timeout *TimeoutError
	if !errors.As(err, &timeout) {
		t.Errorf("got %v", err)
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if err := Cleanup(ended, time.Hour, func(ctx context.Context) error { return ctx.Err() }); err != nil {
		t.Errorf("clean-up: %v", err)
	}
}
