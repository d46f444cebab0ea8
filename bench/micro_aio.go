package main

import (
	"context"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/loop"
)

// aioMeasurements are the engine's own primitives, on one loop.
func aioMeasurements() goMeasurements {
	return goMeasurements{timed: map[string]timedRun{
		"call_soon":       aioCallSoon,
		"yield":           onLoop(aioYield),
		"spawn":           onLoop(aioSpawn),
		"queue_pingpong":  onLoop(aioPingPong),
		"mutex":           onLoop(aioMutex),
		"future":          onLoop(aioFuture),
		"blocking_serial": onLoop(func(ctx context.Context, n int) error { return aioBlocking(ctx, n, 1) }),
		"blocking_64":     onLoop(func(ctx context.Context, n int) error { return aioBlocking(ctx, n, blockingTasks) }),
	}, once: map[string]func() (Sample, error){"sleepers": sleepers(aioSleepers)}}
}

// onLoop measures n operations inside a task.
func onLoop(measured func(ctx context.Context, n int) error) timedRun {
	return func(n int) (elapsed time.Duration, err error) {
		err = aio.Run(context.Background(), func(ctx context.Context) error {
			start := time.Now()
			defer func() { elapsed = time.Since(start) }()
			return measured(ctx, n)
		})
		return elapsed, err
	}
}

func aioCallSoon(n int) (time.Duration, error) {
	l, err := loop.New(loop.Options{})
	if err != nil {
		return 0, err
	}
	defer l.Close()
	left := n
	var callback func()
	callback = func() {
		left--
		if left == 0 {
			l.Stop()
			return
		}
		l.CallSoon(callback)
	}
	start := time.Now()
	l.CallSoon(callback)
	err = l.RunForever()
	return time.Since(start), err
}

func aioYield(ctx context.Context, n int) error {
	return aio.Group(ctx, func(ctx context.Context) error {
		for i := range yieldTasks {
			aio.Go(ctx, func(ctx context.Context) error {
				for range share(n, i, yieldTasks) {
					if err := aio.Yield(ctx); err != nil {
						return err
					}
				}
				return nil
			})
		}
		return nil
	})
}

func aioSpawn(ctx context.Context, n int) error {
	nothing := func(context.Context) error { return nil }
	for n > 0 {
		if err := aio.Group(ctx, func(ctx context.Context) error {
			for range min(n, spawnBatch) {
				aio.Go(ctx, nothing)
			}
			return nil
		}); err != nil {
			return err
		}
		n -= spawnBatch
	}
	return nil
}

func aioPingPong(ctx context.Context, n int) error {
	pings, pongs := aio.NewQueue[int](0), aio.NewQueue[int](0)
	echo := aio.Go(ctx, func(ctx context.Context) error {
		for ping, err := range pings.All(ctx) {
			if err != nil {
				return err
			}
			if err := pongs.PutNoWait(ping); err != nil {
				return err
			}
		}
		return nil
	})
	for i := range n {
		if err := pings.PutNoWait(i); err != nil {
			return err
		}
		if _, err := pongs.Get(ctx); err != nil {
			return err
		}
	}
	pings.Shutdown(false)
	_, err := echo.Await(ctx)
	return err
}

func aioMutex(ctx context.Context, n int) error {
	var mu aio.Mutex
	for range n {
		if err := mu.Lock(ctx); err != nil {
			return err
		}
		mu.Unlock()
	}
	return nil
}

func aioFuture(ctx context.Context, n int) error {
	var future *aio.Future[int]
	awaiter := aio.Go(ctx, func(ctx context.Context) error {
		for range n {
			future = aio.NewFuture[int]()
			if _, err := future.Await(ctx); err != nil {
				return err
			}
		}
		return nil
	})
	for !awaiter.Completed() {
		if err := aio.Yield(ctx); err != nil {
			return err
		}
		if !future.Completed() {
			if err := future.SetResult(1); err != nil {
				return err
			}
		}
	}
	return nil
}

func aioBlocking(ctx context.Context, n, inFlight int) error {
	nothing := func(context.Context) (int, error) { return 0, nil }
	return aio.Group(ctx, func(ctx context.Context) error {
		for i := range inFlight {
			aio.Go(ctx, func(ctx context.Context) error {
				for range share(n, i, inFlight) {
					if _, err := aio.Blocking(ctx, nothing); err != nil {
						return err
					}
				}
				return nil
			})
		}
		return nil
	})
}

// aioSleepers leaves its tasks asleep: they end with the process.
func aioSleepers(n int, measure func()) error {
	return aio.Run(context.Background(), func(ctx context.Context) error {
		for range n {
			aio.Go(ctx, func(ctx context.Context) error { return aio.Sleep(ctx, 24*time.Hour) })
		}
		if err := aio.Sleep(ctx, time.Millisecond); err != nil {
			return err
		}
		measure()
		return nil
	})
}
