//go:build unix && !aix

// Command jobs runs three CPU-bound jobs of five seconds on a pool of two
// processes. Then it ends a job that would never end, and loses a worker.
//
//	go run ./examples/jobs
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/executor"
)

// compute keeps a processor busy for so long.
var compute = executor.Func("compute", func(_ context.Context, d time.Duration) (rounds int, err error) {
	for end := time.Now().Add(d); time.Now().Before(end); rounds++ {
	}
	return rounds, nil
})

// burn never ends, and looks at no context. It says in which process it is.
var burn = executor.Func("burn", func(ctx context.Context, _ struct{}) (int, error) {
	executor.Progress(ctx, int64(os.Getpid()), 0, "burning")
	for i := 0; ; i++ {
		if i < 0 {
			return i, nil
		}
	}
})

// three starts three jobs at once. Two of them run, and the third when one of
// these has ended.
func three(ctx context.Context, pool executor.Executor, d time.Duration, say func(string, ...any)) error {
	return aio.Group(ctx, func(ctx context.Context) error {
		for range 3 {
			aio.Go(ctx, func(ctx context.Context) error {
				say("doing something")
				_, err := compute.Run(ctx, pool, d)
				say("done")
				return err
			})
		}
		return nil
	})
}

// cancelled ends a job for real: no goroutine could be ended so.
func cancelled(ctx context.Context, pool executor.Executor, say func(string, ...any)) error {
	call, process, err := burning(ctx, pool)
	if err != nil {
		return err
	}
	if err := aio.Sleep(ctx, 200*time.Millisecond); err != nil {
		return err
	}
	before, err := cpuTime(process)
	if err != nil {
		return err
	}
	say("process %d has taken %v of a processor so far, and burns", process, before)
	call.Cancel(errors.New("enough"))
	_, err = call.Await(ctx)
	say("the job ended: %v", err)
	if after, err := cpuTime(process); err == nil {
		return fmt.Errorf("process %d burns on: %v, then %v", process, before, after)
	}
	say("and so did its process")
	return nil
}

// killed loses a worker, as to the kernel when there is no memory. It costs one
// job, and the pool goes on.
func killed(ctx context.Context, pool executor.Executor, say func(string, ...any)) error {
	call, process, err := burning(ctx, pool)
	if err != nil {
		return err
	}
	if err := syscall.Kill(process, syscall.SIGKILL); err != nil {
		return err
	}
	_, err = call.Await(ctx)
	var died *executor.WorkerError
	if !errors.As(err, &died) {
		return fmt.Errorf("the job should have failed with its worker: %w", err)
	}
	say("the worker was %s", died.Status)
	if _, err = compute.Run(ctx, pool, time.Millisecond); err == nil {
		say("the pool goes on")
	}
	return err
}

// burning starts a job that never ends, and returns it and its process.
func burning(ctx context.Context, pool executor.Executor) (*executor.Call[int], int, error) {
	call, err := burn.Submit(ctx, pool, struct{}{}, executor.Grace(100*time.Millisecond))
	if err != nil {
		return nil, 0, err
	}
	for update, err := range call.Progress(ctx) {
		return call, int(update.Done), err
	}
	_, err = call.Await(ctx)
	return nil, 0, fmt.Errorf("it ended before it burnt: %w", err)
}

// cpuTime is how long a process has kept processors busy, as Linux tells it.
func cpuTime(process int) (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", process))
	if err != nil {
		return 0, err
	}
	_, after, _ := strings.Cut(string(stat), ") ") // the name before it may have spaces
	fields := strings.Fields(after)
	user, err := strconv.Atoi(fields[11])
	if err != nil {
		return 0, err
	}
	system, err := strconv.Atoi(fields[12])
	const ticksPerSecond = 100
	return time.Duration(user+system) * time.Second / ticksPerSecond, err
}

func run(ctx context.Context, d time.Duration, say func(string, ...any)) error {
	pool, err := executor.NewProcessPool(executor.ProcessPoolOptions{Workers: 2})
	if err != nil {
		return err
	}
	defer func() { _ = pool.Shutdown(context.WithoutCancel(ctx), executor.KillAll) }()
	if err := three(ctx, pool, d, say); err != nil {
		return err
	}
	if err := cancelled(ctx, pool, say); err != nil {
		return err
	}
	return killed(ctx, pool, say)
}

func main() {
	executor.Main() // a worker's process goes no further
	d := flag.Duration("time", 5*time.Second, "how long a job computes")
	flag.Parse()
	start := time.Now()
	err := aio.Run(context.Background(), func(ctx context.Context) error {
		return run(ctx, *d, func(format string, arguments ...any) {
			fmt.Printf("%5.2fs %s\n", time.Since(start).Seconds(), fmt.Sprintf(format, arguments...))
		})
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
