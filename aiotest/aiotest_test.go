package aiotest_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aiotest"
	"github.com/goaio/aio/loop"
)

func TestAnHourPassesAtOnce(t *testing.T) {
	aiotest.Run(t, func(ctx context.Context) {
		start := loop.Of(ctx).Now()
		if err := aio.Sleep(ctx, time.Hour); err != nil {
			t.Fatal(err)
		}
		if passed := loop.Of(ctx).Now().Sub(start); passed != time.Hour {
			t.Errorf("%v passed, want an hour", passed)
		}
	})
}

func TestLeakedTask(t *testing.T) {
	r := record(t, func(r *recorder) {
		aiotest.Run(r, func(ctx context.Context) {
			aio.Go(ctx, func(ctx context.Context) error { return aio.Sleep(ctx, time.Hour) }, aio.Name("straggler"))
			aio.Go(ctx, func(ctx context.Context) error {
				queue := aio.NewQueue[int](1)
				_, err := queue.Get(ctx)
				return err
			}, aio.Name("hungry"))
			_ = aio.Sleep(ctx, time.Second)
		})
	})
	wantFailure(t, r, "2 tasks left behind", "straggler (aio.Sleep at aiotest_test.go:", "hungry (aio.(*Queue).Get at aiotest_test.go:")
}

func TestTasksThatEndWithMainAreNoLeak(t *testing.T) {
	aiotest.Run(t, func(ctx context.Context) {
		done := &aio.Event{}
		aio.Go(ctx, func(ctx context.Context) error { return done.Wait(ctx) })
		if err := aio.Yield(ctx); err != nil {
			t.Fatal(err)
		}
		done.Set()
	})
}

func TestLeakedGoroutine(t *testing.T) {
	stop, ended := make(chan struct{}), make(chan struct{})
	r := record(t, func(r *recorder) {
		aiotest.Run(r, func(context.Context) {
			go func() { defer close(ended); <-stop }()
		})
	})
	close(stop)
	<-ended
	wantFailure(t, r, "goroutines left behind", "TestLeakedGoroutine")
}

func TestGoroutinesOfOthersAreNoLeak(t *testing.T) {
	stop, begun, ended := make(chan struct{}), make(chan struct{}), make(chan struct{})
	start := make(chan struct{})
	go func() { // an elder goroutine that starts one while the test runs
		<-start
		go func() { defer close(ended); close(begun); <-stop }()
	}()
	aiotest.Run(t, func(context.Context) { close(start); <-begun })
	close(stop)
	<-ended
}

func TestUnreadError(t *testing.T) {
	r := record(t, func(r *recorder) {
		aiotest.Run(r, func(ctx context.Context) {
			aio.Go(ctx, func(context.Context) error { return errors.New("lost") }, aio.Name("careless"))
			_ = aio.Yield(ctx)
		})
	})
	wantFailure(t, r, "careless", "lost")
}

func TestDeadlock(t *testing.T) {
	r := record(t, func(r *recorder) {
		aiotest.Run(r, func(ctx context.Context) {
			future := aio.NewFuture[int]()
			aio.Go(ctx, func(ctx context.Context) error {
				var event aio.Event
				return event.Wait(ctx)
			}, aio.Name("second"))
			_, _ = future.Await(ctx)
		})
	})
	wantFailure(t, r, "deadlock", "main (aio.(*Future).Await at aiotest_test.go:", "second (aio.(*Event).Wait at aiotest_test.go:")
}

func TestPanics(t *testing.T) {
	t.Run("main", func(t *testing.T) {
		r := record(t, func(r *recorder) { aiotest.Run(r, func(context.Context) { panic("boo") }) })
		wantFailure(t, r, "boo", "TestPanics")
	})
	t.Run("task", func(t *testing.T) {
		r := record(t, func(r *recorder) {
			aiotest.Run(r, func(ctx context.Context) {
				aio.Go(ctx, func(context.Context) error { panic("boo") })
				_ = aio.Yield(ctx)
				_ = aio.Yield(ctx)
			})
		})
		wantFailure(t, r, "a task panicked", "boo")
	})
	t.Run("callback", func(t *testing.T) {
		r := record(t, func(r *recorder) {
			aiotest.Run(r, func(ctx context.Context) {
				loop.Current().CallSoon(func() { panic("boo") })
				_ = aio.Yield(ctx)
			})
		})
		wantFailure(t, r, "a callback panicked", "boo")
	})
}

func TestFatal(t *testing.T) {
	t.Run("main", func(t *testing.T) {
		after := false
		r := record(t, func(r *recorder) {
			aiotest.Run(r, func(context.Context) { r.Fatalf("enough") })
			after = true
		})
		wantFailure(t, r, "enough")
		if after {
			t.Error("the test went on after a Fatal in its main task")
		}
	})
	t.Run("task", func(t *testing.T) {
		r := record(t, func(r *recorder) {
			aiotest.Run(r, func(ctx context.Context) {
				_, _ = aio.Go(ctx, func(context.Context) error { r.Fatalf("enough"); return nil }).Await(ctx)
			})
		})
		wantFailure(t, r, "enough")
	})
	t.Run("task that nobody awaits", func(t *testing.T) {
		r := record(t, func(r *recorder) {
			aiotest.Run(r, func(ctx context.Context) {
				var event aio.Event
				aio.Go(ctx, func(context.Context) error { r.Fatalf("enough"); return nil })
				_ = event.Wait(ctx) // for ever
			})
		})
		wantFailure(t, r, "enough", "deadlock")
	})
}

func TestSkip(t *testing.T) {
	skipped := t.Run("skipped", func(t *testing.T) {
		aiotest.Run(t, func(context.Context) { t.Skip("this is what is tested") })
		t.Error("the test went on after a Skip")
	})
	if !skipped {
		t.Error("a skipped test failed")
	}
}

func TestBubble(t *testing.T) {
	real := time.Now()
	synctest.Test(t, func(t *testing.T) {
		aiotest.Run(t, func(ctx context.Context) {
			start := time.Now()
			limited, cancel := context.WithTimeout(ctx, time.Hour)
			defer cancel()
			if err := aio.Sleep(limited, 2*time.Hour); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("a sleep under a standard timeout returned %v", err)
			}
			if passed := time.Since(start); passed != time.Hour {
				t.Errorf("%v passed on the bubble's clock, want an hour", passed)
			}
			_, err := aio.Blocking(ctx, func(context.Context) (struct{}, error) {
				time.Sleep(time.Hour)
				return struct{}{}, nil
			})
			if err != nil {
				t.Error(err)
			}
			if err := aio.Sleep(ctx, time.Hour); err != nil {
				t.Error(err)
			}
			if a, b := time.Since(start), loop.Of(ctx).Now().Sub(start); a != b || a != 3*time.Hour {
				t.Errorf("%v passed on the bubble's clock and %v on the loop's, want three hours", a, b)
			}
		})
	})
	if time.Since(real) > time.Hour {
		t.Error("time was real")
	}
}
