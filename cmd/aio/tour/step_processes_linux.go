package tour

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/executor"
)

var processesStep = step{
	title: "CPU-bound work on a pool of two processes",
	text: `A registered function runs in another process: this program, started again. Three jobs on two processes: two
		run at once, the third when one of them has ended. And a process can be killed: a cancel ends a loop that never
		looks at its context, and a worker that dies costs one job.`,
	asyncio: `run_in_executor with a ProcessPoolExecutor, which cannot cancel a job that runs, and is broken for good when
		one of its processes dies.`,
	run: processes,
	check: all(prints("doing something", "doing something", "doing something", "done", "done", "done",
		"a burning loop was cancelled, and its process is gone", "a worker was killed by SIGKILL", "the pool goes on: done"),
		waits(5, 2*jobTime)),
	proves: "two, then one; what burnt was ended, and a lost worker replaced",
}

const jobTime = 200 * time.Millisecond

var (
	compute = executor.Func("tour: compute", func(_ context.Context, d time.Duration) (string, error) {
		for end := time.Now().Add(d); time.Now().Before(end); {
		}
		return "done", nil
	})
	burn = executor.Func("tour: burn", func(ctx context.Context, _ struct{}) (string, error) {
		executor.Progress(ctx, int64(os.Getpid()), 0, "burning")
		for end := time.Now().Add(time.Hour); time.Now().Before(end); {
		}
		return "an hour was burnt", nil
	})
)

func processes(say func(string, ...any)) error {
	two := executor.ProcessPoolOptions{Workers: 2}
	pool, err := executor.NewProcessPool(two)
	if err != nil {
		return err
	}
	defer pool.Shutdown(context.Background(), executor.KillAll)
	return aio.Run(context.Background(), func(ctx context.Context) error {
		err := aio.Group(ctx, func(ctx context.Context) error {
			for range 3 {
				aio.Go(ctx, func(ctx context.Context) error {
					say("doing something")
					out, err := compute.Run(ctx, pool, jobTime)
					say("%s", out)
					return err
				})
			}
			return nil
		})
		if err != nil {
			return err
		}
		if err := cancelBurning(ctx, pool, say); err != nil {
			return err
		}
		return killWorker(ctx, pool, say)
	})
}

// cancelBurning ends a loop that looks at nothing.
func cancelBurning(ctx context.Context, pool executor.Executor, say func(string, ...any)) error {
	call, process, err := startBurning(ctx, pool)
	if err != nil {
		return err
	}
	call.Cancel(nil)
	if _, err = call.Await(ctx); !aio.IsCancelled(err) || !errors.Is(syscall.Kill(process, 0), syscall.ESRCH) {
		return fmt.Errorf("it burns on: %w", err)
	}
	say("a burning loop was cancelled, and its process is gone")
	return nil
}

// killWorker does what the kernel does when memory runs out.
func killWorker(ctx context.Context, pool executor.Executor, say func(string, ...any)) error {
	call, process, err := startBurning(ctx, pool)
	if err != nil {
		return err
	}
	if err := syscall.Kill(process, syscall.SIGKILL); err != nil {
		return err
	}
	var died *executor.WorkerError
	if _, err = call.Await(ctx); !errors.As(err, &died) {
		return fmt.Errorf("it should have died: %w", err)
	}
	say("a worker was %s", died.Status)
	out, err := compute.Run(ctx, pool, 0)
	say("the pool goes on: %s", out)
	return err
}

// startBurning returns a call that burns, and its process.
func startBurning(ctx context.Context, pool executor.Executor) (*executor.Call[string], int, error) {
	call, err := burn.Submit(ctx, pool, struct{}{}, executor.Grace(50*time.Millisecond))
	if err != nil {
		return nil, 0, err
	}
	for update, err := range call.Progress(ctx) {
		return call, int(update.Done), err
	}
	return nil, 0, call.Err()
}
