package tour

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/loop"
)

func secondLoop(say func(string, ...any)) error {
	nap := func(ctx context.Context) error { return aio.Sleep(ctx, 10*time.Millisecond) }
	second := make(chan error)
	go func() { second <- aio.Run(context.Background(), nap) }()
	if err := errors.Join(aio.Run(context.Background(), nap), <-second); err != nil {
		return err
	}
	say("two loops have run side by side")
	return nil
}

func callbacks(say func(string, ...any)) error {
	l, err := loop.New(loop.Options{})
	if err != nil {
		return err
	}
	start := l.Now()
	l.CallSoon(func() {
		say("first")
		l.CallSoon(func() { say("next round") })
	})
	l.CallSoon(func() { say("second") })
	l.CallLater(20*time.Millisecond, func() { say("20 ms later") })
	l.CallAt(start.Add(40*time.Millisecond), func() {
		say("at 40 ms")
		l.Stop()
	})
	if err := l.RunForever(); err != nil {
		return err
	}
	if err := l.Close(); err != nil {
		return err
	}
	say("closed: %v", errors.Is(l.RunForever(), loop.ErrClosed))
	return nil
}

func blocking(say func(string, ...any)) error {
	pool := aio.NewThreadPool(2)
	defer pool.Shutdown(context.Background(), false)
	return aio.Run(context.Background(), func(ctx context.Context) error {
		return aio.Group(ctx, func(ctx context.Context) error {
			for job := range 3 {
				aio.Go(ctx, func(ctx context.Context) error {
					_, err := aio.BlockingOn(ctx, pool, func(context.Context) (int, error) {
						say("job %d: doing something", job)
						time.Sleep(time.Second) // it blocks, but not the loop
						return 0, nil
					})
					return err
				})
			}
			return nil
		})
	})
}

func checkBlocking(r result) error {
	got := slices.Sorted(slices.Values(r.lines))
	if len(got) != 3 || got[0] != "job 0: doing something" || r.lines[2] != "job 2: doing something" {
		return fmt.Errorf("the jobs began in the order %q", r.lines)
	}
	return nil
}

func untilComplete(say func(string, ...any)) error {
	l, err := loop.New(loop.Options{})
	if err != nil {
		return err
	}
	defer l.Close()
	// Carry makes a context of the loop, for tasks that are started outside it.
	ctx := loop.Carry(context.Background(), l, nil)

	future := aio.NewFuture[int]()
	l.CallSoon(func() { _ = future.SetResult(1) })
	say("a future: %v", l.RunUntilComplete(future))

	task := aio.Go(ctx, func(ctx context.Context) error { return aio.Yield(ctx) })
	say("a task: %v", l.RunUntilComplete(task))

	failing := aio.Go(ctx, func(context.Context) error { return errors.New("no luck") })
	say("a task that fails: %v", l.RunUntilComplete(failing))
	return nil
}
