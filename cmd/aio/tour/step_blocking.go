package tour

import (
	"context"
	"time"

	"github.com/goaio/aio"
)

var blockingStep = step{
	title: "Blocking work on a pool of two threads",
	text: `Code that blocks stops its loop and everything on it, so hand it to a thread pool and await it. Three jobs
		of a second each on two threads: two begin at once, the third when one of them has ended.`,
	asyncio: `run_in_executor, which gives a future of the loop for a future of the pool, and takes no keyword
		arguments.`,
	run: blocking,
	check: all(prints("doing something", "doing something", "the loop is free meanwhile", "doing something"),
		waits(3, time.Second), takes(2*time.Second, 4*time.Second)),
	proves: "two, then one, and the loop never stood still",
}

func blocking(say func(string, ...any)) error {
	pool := aio.NewThreadPool(2)
	defer pool.Shutdown(context.Background(), false)
	job := func(context.Context) (int, error) {
		say("doing something")
		time.Sleep(time.Second) // blocks its thread, not the loop
		return 0, nil
	}
	return aio.Run(context.Background(), func(ctx context.Context) error {
		return aio.Group(ctx, func(ctx context.Context) error {
			for range 3 {
				aio.Go(ctx, func(ctx context.Context) error {
					_, err := aio.BlockingOn(ctx, pool, job)
					return err
				})
			}
			err := aio.Sleep(ctx, 500*time.Millisecond)
			say("the loop is free meanwhile")
			return err
		})
	})
}
