package aio_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/goaio/aio"
)

// run is aio.Run under virtual time.
func run(main func(ctx context.Context) error) {
	if err := aio.Run(context.Background(), main, aio.Driver("simulated")); err != nil {
		fmt.Println("error:", err)
	}
}

func after(d time.Duration, text string) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) { return text, aio.Sleep(ctx, d) }
}

func ExampleRun() {
	err := aio.Run(context.Background(), func(ctx context.Context) error {
		fmt.Println("hello")
		return aio.Sleep(ctx, time.Millisecond)
	})
	fmt.Println(err)
	// Output:
	// hello
	// <nil>
}

func ExampleAsync() {
	run(func(ctx context.Context) error {
		price := aio.Async(ctx, after(time.Second, "9.50"))
		stock := aio.Async(ctx, after(time.Second, "3 left"))
		p, err := price.Await(ctx)
		if err != nil {
			return err
		}
		s, err := stock.Await(ctx)
		fmt.Println(p, s)
		return err
	})
	// Output: 9.50 3 left
}

func ExampleGroup() {
	run(func(ctx context.Context) error {
		err := aio.Group(ctx, func(ctx context.Context) error {
			aio.Go(ctx, func(ctx context.Context) error { return errors.New("disk full") })
			aio.Go(ctx, func(ctx context.Context) error {
				err := aio.Sleep(ctx, time.Hour)
				fmt.Println("cancelled:", context.Cause(ctx))
				return err
			})
			return nil
		})
		fmt.Println("the group:", err)
		return nil
	})
	// Output:
	// cancelled: disk full
	// the group: disk full
}

func ExampleGather() {
	run(func(ctx context.Context) error {
		results, err := aio.Gather(ctx, after(2*time.Second, "slow"), after(time.Second, "fast"))
		for _, r := range results {
			fmt.Println(r.Value, r.Err)
		}
		return err
	})
	// Output:
	// slow <nil>
	// fast <nil>
}

func ExampleWait() {
	run(func(ctx context.Context) error {
		slow, fast := aio.Async(ctx, after(time.Hour, "slow")), aio.Async(ctx, after(time.Second, "fast"))
		done, pending, err := aio.Wait(ctx, aio.FirstCompleted, aio.NoTimeout, slow, fast)
		fmt.Println(len(done), "done,", len(pending), "pending")
		return err
	})
	// Output: 1 done, 1 pending
}

func ExampleAsCompleted() {
	run(func(ctx context.Context) error {
		slow, fast := aio.Async(ctx, after(time.Hour, "slow")), aio.Async(ctx, after(time.Second, "fast"))
		for task, err := range aio.AsCompleted(ctx, slow, fast) {
			if err != nil {
				return err
			}
			text, _ := task.Result()
			fmt.Println(text)
		}
		return nil
	})
	// Output:
	// fast
	// slow
}

func ExampleTimeout() {
	run(func(ctx context.Context) error {
		err := aio.Timeout(ctx, time.Second, func(ctx context.Context) error {
			return aio.Sleep(ctx, time.Hour)
		})
		fmt.Println(err, errors.Is(err, context.DeadlineExceeded))
		return nil
	})
	// Output: timed out after 1s true
}

func ExampleCleanup() {
	run(func(ctx context.Context) error {
		task := aio.Go(ctx, func(ctx context.Context) error {
			err := aio.Sleep(ctx, time.Hour)
			_ = aio.Cleanup(ctx, time.Minute, func(ctx context.Context) error {
				fmt.Println("goodbye, said with care")
				return aio.Sleep(ctx, time.Second)
			})
			return err
		})
		_ = aio.Yield(ctx)
		task.Cancel(errors.New("closing time"))
		_, err := task.Await(ctx)
		fmt.Println(err)
		return nil
	})
	// Output:
	// goodbye, said with care
	// Task-2 was cancelled by main: closing time
}

func ExampleFuture() {
	err := aio.Run(context.Background(), func(ctx context.Context) error {
		answer := aio.NewFuture[int]()
		go answer.SetResult(42) // from any goroutine
		v, err := answer.Await(ctx)
		fmt.Println(v)
		return err
	})
	fmt.Println(err)
	// Output:
	// 42
	// <nil>
}

func ExampleQueue() {
	run(func(ctx context.Context) error {
		jobs := aio.NewQueue[int](2)
		worker := aio.Go(ctx, func(ctx context.Context) error {
			for job, err := range jobs.All(ctx) {
				if err != nil {
					return err
				}
				fmt.Println("job", job)
			}
			return nil
		})
		for i := range 3 {
			if err := jobs.Put(ctx, i); err != nil {
				return err
			}
		}
		jobs.Shutdown(false)
		_, err := worker.Await(ctx)
		return err
	})
	// Output:
	// job 0
	// job 1
	// job 2
}

func ExampleSemaphore() {
	run(func(ctx context.Context) error {
		two := aio.NewSemaphore(2)
		running, most := 0, 0
		err := aio.Group(ctx, func(ctx context.Context) error {
			for range 10 {
				aio.Go(ctx, func(ctx context.Context) error {
					if err := two.Acquire(ctx); err != nil {
						return err
					}
					defer two.Release()
					running++
					most = max(most, running)
					err := aio.Sleep(ctx, time.Second)
					running--
					return err
				})
			}
			return nil
		})
		fmt.Println("at most", most, "at a time")
		return err
	})
	// Output: at most 2 at a time
}

func ExampleBlocking() {
	run(func(ctx context.Context) error {
		sum, err := aio.Blocking(ctx, func(context.Context) (int, error) {
			return 2 + 2, nil // may block: a file, a database, another library
		})
		fmt.Println(sum)
		return err
	})
	// Output: 4
}

func ExampleRecv() {
	err := aio.Run(context.Background(), func(ctx context.Context) error {
		words := make(chan string)
		go func() { words <- "from a goroutine" }()
		word, _, err := aio.Recv(ctx, words)
		fmt.Println(word)
		return err
	})
	fmt.Println(err)
	// Output:
	// from a goroutine
	// <nil>
}

func ExampleDetached() {
	run(func(ctx context.Context) error {
		err := aio.Group(ctx, func(ctx context.Context) error {
			aio.Go(aio.Detached(ctx), func(ctx context.Context) error {
				err := aio.Sleep(ctx, time.Second)
				fmt.Println("the one that left")
				return err
			})
			return nil
		})
		fmt.Println("the group has ended")
		_ = aio.Sleep(ctx, time.Minute)
		return err
	})
	// Output:
	// the group has ended
	// the one that left
}
