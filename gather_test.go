package aio_test

import (
	"context"
	"errors"
	"testing"
	"time"

	. "github.com/goaio/aio"
	"github.com/goaio/aio/loop"
)

func returns(d time.Duration, v int, err error) func(context.Context) (int, error) {
	return func(ctx context.Context) (int, error) {
		if cancelled := Sleep(ctx, d); cancelled != nil {
			return 0, cancelled
		}
		return v, err
	}
}

func TestGatherKeepsTheOrderAndTheErrors(t *testing.T) {
	virtually(t, func(ctx context.Context) error {
		start := loop.Of(ctx).Now()
		results, err := Gather(ctx,
			returns(3*time.Second, 1, nil), returns(time.Second, 0, errTest), returns(2*time.Second, 3, nil))
		if err != nil || len(results) != 3 || results[0].Value != 1 || results[1].Err != errTest || results[2].Value != 3 {
			t.Errorf("got %v, %v", results, err)
		}
		if passed := loop.Of(ctx).Now().Sub(start); passed != 3*time.Second {
			t.Errorf("%v passed", passed)
		}
		values, err := Values(results)
		if !errors.Is(err, errTest) || values[2] != 3 {
			t.Errorf("got %v, %v", values, err)
		}
		none, err := Gather[int](ctx)
		if len(none) != 0 || err != nil {
			t.Errorf("got %v, %v", none, err)
		}
		return nil
	})
}

func TestACancelReachesWhatAGatherRuns(t *testing.T) {
	virtually(t, func(ctx context.Context) error {
		stubborn := 0
		task := Go(ctx, func(ctx context.Context) error {
			_, err := Gather(ctx, returns(time.Hour, 1, nil), func(ctx context.Context) (int, error) {
				_ = Sleep(ctx, time.Hour)
				stubborn++
				return 2, nil
			})
			return err
		})
		_ = Sleep(ctx, time.Second)
		task.Cancel(errTest)
		_, err := task.Await(ctx)
		if !IsCancelled(err) || !errors.Is(err, errTest) || stubborn != 1 {
			t.Errorf("got %v, %d", err, stubborn)
		}
		return nil
	})
}

func TestGatherOnAPlainGoroutine(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	results, err := Gather(ctx, returns(0, 1, nil), returns(0, 2, errTest))
	if err != nil || results[0].Value != 1 || results[1].Err != errTest {
		t.Errorf("got %v, %v", results, err)
	}
	cancel()
	if _, err := Gather(ctx, returns(time.Hour, 1, nil)); !IsCancelled(err) {
		t.Errorf("got %v", err)
	}
}

func TestWaitModes(t *testing.T) {
	virtually(t, func(ctx context.Context) error {
		tasks := []*Task[int]{
			Async(ctx, returns(3*time.Second, 1, nil)),
			Async(ctx, returns(time.Second, 2, nil)),
			Async(ctx, returns(2*time.Second, 3, errTest)),
		}
		for _, c := range []struct {
			when    When
			timeout time.Duration
			done    int
		}{
			{AllCompleted, 0, 0},
			{AllCompleted, 500 * time.Millisecond, 0},
			{FirstCompleted, NoTimeout, 1},
			{FirstException, NoTimeout, 2},
			{AllCompleted, NoTimeout, 3},
			{AllCompleted, NoTimeout, 3},
		} {
			done, pending, err := Wait(ctx, c.when, c.timeout, tasks...)
			if err != nil || len(done) != c.done || len(pending) != 3-c.done {
				t.Errorf("%+v: %d done, %d pending, %v", c, len(done), len(pending), err)
			}
		}
		if _, _, err := Wait[*Task[int]](ctx, AllCompleted, NoTimeout); !errors.Is(err, ErrNothingToWait) {
			t.Errorf("got %v", err)
		}
		return nil
	})
}

func TestACancelledWaitLeavesTheTasksAlone(t *testing.T) {
	virtually(t, func(ctx context.Context) error {
		sleeper := Async(ctx, returns(time.Hour, 1, nil))
		err := Timeout(ctx, time.Second, func(ctx context.Context) error {
			_, _, err := Wait(ctx, AllCompleted, NoTimeout, sleeper)
			return err
		})
		if !errors.Is(err, context.DeadlineExceeded) || sleeper.Completed() {
			t.Errorf("got %v", err)
		}
		_, err = sleeper.Await(ctx)
		return err
	})
}

func TestAsCompleted(t *testing.T) {
	virtually(t, func(ctx context.Context) error {
		tasks := []*Task[int]{
			Async(ctx, returns(3*time.Second, 3, nil)),
			Async(ctx, returns(time.Second, 1, nil)),
			Async(ctx, returns(2*time.Second, 2, nil)),
		}
		var got []int
		for task, err := range AsCompleted(ctx, append(tasks, tasks[0])...) {
			if err != nil {
				return err
			}
			v, _ := task.Result()
			got = append(got, v)
		}
		if len(got) != 3 || got[0] != 1 || got[1] != 2 || got[2] != 3 {
			t.Errorf("got %v", got)
		}
		late := Async(ctx, returns(time.Hour, 4, nil))
		err := Timeout(ctx, time.Second, func(ctx context.Context) error {
			for _, err := range AsCompleted(ctx, late) {
				return err
			}
			return nil
		})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if _, err := late.Await(ctx); err != nil {
			t.Errorf("the range that was cancelled took its task along: %v", err)
		}
		return nil
	})
}

func TestACircleThroughAGather(t *testing.T) {
	for _, gatherFirst := range []bool{true, false} {
		virtually(t, func(ctx context.Context) error {
			var first, second *Task[struct{}]
			gathers := func(other **Task[struct{}]) func(context.Context) error {
				return func(ctx context.Context) error {
					results, err := GatherTasks(ctx, *other)
					if err == nil {
						err = results[0].Err
					}
					return err
				}
			}
			awaits := func(other **Task[struct{}]) func(context.Context) error {
				return func(ctx context.Context) error {
					_, err := (*other).Await(ctx)
					return err
				}
			}
			if gatherFirst {
				first, second = Go(ctx, gathers(&second)), Go(ctx, awaits(&first))
			} else {
				first, second = Go(ctx, awaits(&second)), Go(ctx, gathers(&first))
			}
			_, err := first.Await(ctx)
			var deadlock *DeadlockError
			if !errors.As(err, &deadlock) || !deadlock.Cycle || len(deadlock.Tasks) != 2 {
				t.Errorf("gather first: %v; got %v", gatherFirst, err)
			}
			return nil
		})
	}
}
