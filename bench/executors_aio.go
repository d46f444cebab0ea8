package main

import (
	"context"
	"errors"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/executor"
)

var (
	executorNothing = executor.Func("bench nothing", func(_ context.Context, in []byte) ([]byte, error) { return in, nil })
	executorBurn    = executor.Func("bench burn", func(ctx context.Context, _ int) (int, error) {
		executor.Progress(ctx, 1, 1, "burning")
		for i := 0; ; i++ {
			if i < 0 {
				return 0, nil
			}
		}
	})
)

func executorMeasurements() goMeasurements {
	return goMeasurements{timed: map[string]timedRun{
		"process_serial": onPool(1, func(ctx context.Context, pool executor.Executor, n int) error {
			return executorCalls(ctx, pool, n, 1, executorPayload)
		}),
		"process_64": onPool(2, func(ctx context.Context, pool executor.Executor, n int) error {
			return executorCalls(ctx, pool, n, executorInFlight, executorPayload)
		}),
		"process_64mb": onPool(1, func(ctx context.Context, pool executor.Executor, n int) error {
			return executorCalls(ctx, pool, n, 1, executorLarge)
		}),
		"process_start": onLoop(executorStart),
		"process_kill":  onPool(1, executorKill),
		"thread_64": onLoop(func(ctx context.Context, n int) error {
			pool := executor.NewThreadPool(0)
			defer pool.Shutdown(context.Background(), false)
			return executorCalls(ctx, pool, n, executorInFlight, executorPayload)
		}),
	}}
}

// onPool measures n calls on a pool whose processes are there.
func onPool(workers int, measured func(ctx context.Context, pool executor.Executor, n int) error) timedRun {
	return func(n int) (elapsed time.Duration, err error) {
		pool, err := executor.NewProcessPool(executor.ProcessPoolOptions{Workers: workers, MinWorkers: workers})
		if err != nil {
			return 0, err
		}
		defer pool.Shutdown(context.Background(), executor.KillAll)
		err = aio.Run(context.Background(), func(ctx context.Context) error {
			if err := pool.WarmUp(ctx); err != nil {
				return err
			}
			start := time.Now()
			defer func() { elapsed = time.Since(start) }()
			return measured(ctx, pool, n)
		})
		return elapsed, err
	}
}

func executorCalls(ctx context.Context, pool executor.Executor, n, inFlight, size int) error {
	return aio.Group(ctx, func(ctx context.Context) error {
		in := make([]byte, size)
		for i := range min(n, inFlight) {
			aio.Go(ctx, func(ctx context.Context) error {
				for range share(n, i, min(n, inFlight)) {
					if out, err := executorNothing.Run(ctx, pool, in); err != nil || len(out) != size {
						return errors.Join(err, errors.New("an answer of another size"))
					}
				}
				return nil
			})
		}
		return nil
	})
}

func executorStart(ctx context.Context, n int) error {
	for range n {
		pool, err := executor.NewProcessPool(executor.ProcessPoolOptions{Workers: 1})
		if err != nil {
			return err
		}
		if _, err := executorNothing.Run(ctx, pool, nil); err != nil {
			return err
		}
		if err := pool.Shutdown(ctx, executor.KillAll); err != nil {
			return err
		}
	}
	return nil
}

func executorKill(ctx context.Context, pool executor.Executor, n int) error {
	for range n {
		call, err := executorBurn.Submit(ctx, pool, 0, executor.Grace(0))
		if err != nil {
			return err
		}
		for range call.Progress(ctx) {
			call.Cancel(nil)
		}
		if _, err := executorNothing.Run(ctx, pool, nil); err != nil {
			return err
		}
	}
	return nil
}
