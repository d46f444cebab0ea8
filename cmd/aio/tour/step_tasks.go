package tour

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/coro"
)

func hello(say func(string, ...any)) error {
	return aio.Run(context.Background(), func(ctx context.Context) error {
		say("hello")
		if err := aio.Sleep(ctx, time.Second); err != nil {
			return err
		}
		say("world")
		return nil
	})
}

func sleepers(say func(string, ...any)) error {
	return aio.Run(context.Background(), func(ctx context.Context) error {
		return aio.Group(ctx, func(ctx context.Context) error {
			for _, name := range []string{"a", "b", "c"} {
				aio.Go(ctx, func(ctx context.Context) error {
					say("%s sleeps", name)
					err := aio.Sleep(ctx, time.Second)
					say("%s woke", name)
					return err
				})
			}
			return nil
		})
	})
}

func generators(say func(string, ...any)) error {
	average := coro.NewGenerator(func(y *coro.Yielder[float64, float64]) error {
		sum, count := 0.0, 0.0
		for {
			v, err := y.Yield(sum / max(count, 1))
			if errors.Is(err, errStartAgain) {
				say("thrown in: %v", err)
				sum, count = 0, 0
				continue
			} else if err != nil {
				return err // the generator was closed
			}
			sum, count = sum+v, count+1
		}
	})
	average.Next() // up to the first Yield
	v, _ := average.Send(10)
	say("average of 10: %v", v)
	v, _ = average.Send(30)
	say("average of 10, 30: %v", v)
	average.Throw(errStartAgain)
	v, _ = average.Send(5)
	say("average of 5: %v", v)
	say("closed: %v", average.Close())
	return nil
}

var errStartAgain = errors.New("start again")

func futures(say func(string, ...any)) error {
	answer := aio.NewFuture[int]()
	heard := make(chan struct{})
	go func() {
		defer close(heard)
		<-answer.Done() // a plain goroutine may also just Await
	}()
	err := aio.Run(context.Background(), func(ctx context.Context) error {
		go answer.SetResult(42)
		v, err := answer.Await(ctx)
		say("the task got %d", v)
		return err
	})
	<-heard
	v, _ := answer.Result()
	say("the goroutine got %d", v)
	return err
}

func cancel(say func(string, ...any)) error {
	return aio.Run(context.Background(), func(ctx context.Context) error {
		goodbye := false
		sleeper := aio.Go(ctx, func(ctx context.Context) error {
			err := aio.Sleep(ctx, time.Hour)
			// ctx stays cancelled; Cleanup lends a live one for a while.
			_ = aio.Cleanup(ctx, time.Second, func(ctx context.Context) error {
				goodbye = true
				return aio.Sleep(ctx, 10*time.Millisecond)
			})
			return err
		}, aio.Name("sleeper"))
		if err := aio.Yield(ctx); err != nil {
			return err
		}
		sleeper.Cancel(errors.New("the user has left"))
		_, err := sleeper.Await(ctx)
		say("%v", err)
		say("errors.Is context.Canceled: %v", errors.Is(err, context.Canceled))
		say("it said goodbye: %v", goodbye)
		return nil
	})
}

func group(say func(string, ...any)) error {
	return aio.Run(context.Background(), func(ctx context.Context) error {
		err := aio.Group(ctx, func(ctx context.Context) error {
			aio.Go(ctx, func(ctx context.Context) error {
				return errors.New("disk full")
			})
			aio.Go(ctx, func(ctx context.Context) error {
				err := aio.Sleep(ctx, time.Hour)
				say("b was cancelled: %v", context.Cause(ctx))
				return err
			})
			return nil
		})
		say("the group returned: %v", err)
		return nil
	})
}

func circle(say func(string, ...any)) error {
	return aio.Run(context.Background(), func(ctx context.Context) error {
		var chicken, egg *aio.Task[string]
		chicken = aio.Async(ctx, func(ctx context.Context) (string, error) {
			return egg.Await(ctx)
		}, aio.Name("chicken"))
		egg = aio.Async(ctx, func(ctx context.Context) (string, error) {
			return chicken.Await(ctx)
		}, aio.Name("egg"))
		_, err := chicken.Await(ctx)
		var deadlock *aio.DeadlockError
		if !errors.As(err, &deadlock) {
			return fmt.Errorf("no deadlock: %w", err)
		}
		say("%v", err)
		return nil
	})
}
