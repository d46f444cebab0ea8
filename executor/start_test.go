//go:build unix

package executor_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/executor"
)

var initialized atomic.Int32

var (
	initialize = executor.Func("initialize", func(_ context.Context, n int32) (int, error) {
		if n < 0 {
			return 0, fmt.Errorf("no model at %d: %w", n, errKnown)
		}
		initialized.Add(n)
		return 0, nil
	})
	initialValue = executor.Func("initial value", func(context.Context, struct{}) (int32, error) { return initialized.Load(), nil })
)

// A program that cannot be its own worker is told so, and starts few processes.
func TestProgramsThatCannotBeWorkers(t *testing.T) {
	for how, want := range map[string]error{
		"uses a pool before Main": executor.ErrNoMain,
		"ends":                    executor.ErrNoMain,
		"does something else":     executor.ErrNoMain,
		"has another function":    executor.ErrOtherProgram,
	} {
		t.Run(how, func(t *testing.T) {
			everywhere(t, func(t *testing.T, ctx context.Context) {
				options := executor.ProcessPoolOptions{Workers: 2, Environment: []string{"EXECUTOR_TEST_MAIN=" + how}, Stderr: io.Discard}
				if how == "does something else" {
					options.StartTimeout = 300 * time.Millisecond
				}
				pool := newPool(t, options)
				for range 2 {
					_, err := echo.Run(ctx, pool, nil)
					if !errors.Is(err, want) || !errors.Is(err, aio.ErrBroken) {
						t.Errorf("error %v", err)
					}
				}
				if how == "has another function" {
					if _, err := echo.Run(ctx, pool, nil); !strings.Contains(err.Error(), `only the worker has "only here: int -> int"`) {
						t.Errorf("error %v", err)
					}
				}
				if s := pool.Stats(); s.Started > 2 {
					t.Errorf("%d processes were started", s.Started)
				}
			})
		})
	}
}

func TestEachWorkerIsInitialized(t *testing.T) {
	pool := newPool(t, executor.ProcessPoolOptions{Workers: 2, CallsPerWorker: 1, Initializer: initialize.Bind(7)})
	for range 3 {
		if n, err := initialValue.Run(t.Context(), pool, struct{}{}); n != 7 || err != nil {
			t.Error(n, err)
		}
	}
}

func TestAnInitializerThatFailsBreaksThePool(t *testing.T) {
	pool := newPool(t, executor.ProcessPoolOptions{Workers: 2, Initializer: initialize.Bind(-1)})
	for range 2 {
		if _, err := echo.Run(t.Context(), pool, nil); !errors.Is(err, aio.ErrBroken) || !errors.Is(err, errKnown) {
			t.Errorf("error %v", err)
		}
	}
	if err := pool.WarmUp(t.Context()); !errors.Is(err, aio.ErrBroken) {
		t.Errorf("error %v", err)
	}
}

func TestWarmUpAndIdleWorkers(t *testing.T) {
	everywhere(t, func(t *testing.T, ctx context.Context) {
		pool := newPool(t, executor.ProcessPoolOptions{Workers: 3, MinWorkers: 1, IdleTimeout: 300 * time.Millisecond})
		if err := pool.WarmUp(ctx); err != nil {
			t.Fatal(err)
		}
		// On a busy machine the first one may be idle for too long before the last
		// one has started.
		if s := pool.Stats(); s.Started < 3 {
			t.Errorf("%+v", s)
		}
		for pool.Stats().Workers > 1 {
			if err := aio.Sleep(ctx, time.Millisecond); err != nil {
				t.Fatal(err)
			}
		}
		started := pool.Stats().Started
		if _, err := echo.Run(ctx, pool, nil); err != nil {
			t.Error(err)
		}
		if s := pool.Stats(); s.Started != started || s.Died != 0 {
			t.Errorf("%+v", s)
		}
	})
}

func TestBadOptionsAreRefused(t *testing.T) {
	for _, o := range []executor.ProcessPoolOptions{
		{Workers: -1}, {Workers: 1, MinWorkers: 2}, {CallsPerWorker: -1}, {MemoryLimit: 1}, {Timeout: -1},
	} {
		if _, err := executor.NewProcessPool(o); err == nil {
			t.Errorf("%+v was taken", o)
		}
	}
	pool := newPool(t, executor.ProcessPoolOptions{Workers: 1, Executable: "/there/is/no/such/program"})
	if _, err := echo.Run(t.Context(), pool, nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error %v", err)
	}
}

// No worker outlives its parent, not even one that is stopped.
func TestTheParentIsKilled(t *testing.T) {
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), "EXECUTOR_TEST_MAIN=is a parent")
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	workers := strings.Fields(strings.Trim(line, "[]\n"))
	if len(workers) != 3 {
		t.Fatalf("its workers are %q", line)
	}
	for i, worker := range workers {
		pid, err := strconv.Atoi(worker)
		if err != nil {
			t.Fatal(err)
		}
		if group, err := syscall.Getpgid(pid); err != nil || group != pid {
			t.Errorf("worker %d is in group %d, where the keyboard's interrupt may reach it", pid, group)
		}
		if i == 0 {
			_ = syscall.Kill(pid, syscall.SIGSTOP)
		}
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait()
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(time.Millisecond) {
		left := 0
		for _, worker := range workers {
			if alive(worker) {
				left++
			}
		}
		if left == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d workers of %v are left", left, workers)
		}
	}
}
