package aio_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/goaio/aio"
)

func TestTasksOfALockedThreadRunOnIt(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	thread := unix.Gettid()
	err := aio.Run(t.Context(), func(ctx context.Context) error {
		return aio.Group(ctx, func(ctx context.Context) error {
			for range 10 {
				aio.Go(ctx, func(ctx context.Context) error {
					for _, wait := range []func() error{
						func() error { return nil },
						func() error { return aio.Yield(ctx) },
						func() error { return aio.Sleep(ctx, time.Microsecond) },
						func() error {
							_, err := aio.Blocking(ctx, func(context.Context) (int, error) { return 0, nil })
							return err
						},
					} {
						if err := wait(); err != nil {
							return err
						}
						if here := unix.Gettid(); here != thread {
							t.Errorf("a task runs on thread %d, Run was called on %d", here, thread)
						}
					}
					return nil
				})
			}
			return nil
		})
	})
	if err != nil {
		t.Error(err)
	}
}

// What the runtime does to a program whose task has locked its thread is why
// debug mode looks for it.
func TestATaskThatLocksItsThread(t *testing.T) {
	locked := map[string]func(context.Context) error{
		"awaits": func(ctx context.Context) error { return aio.Sleep(ctx, time.Microsecond) },
		"ends":   func(context.Context) error { return nil },
		"starts": func(ctx context.Context) error {
			aio.Go(ctx, func(ctx context.Context) error { return nil })
			return nil
		},
	}
	const variable = "AIO_TEST_LOCKED"
	if does := os.Getenv(variable); does != "" {
		t.Log(aio.Run(t.Context(), func(ctx context.Context) error {
			runtime.LockOSThread()
			return locked[does](ctx)
		}, aio.EagerStart()))
		return
	}
	for does := range locked {
		child := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
		child.Env = append(os.Environ(), variable+"="+does, "AIO_DEBUG=")
		output, err := child.CombinedOutput()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || !strings.Contains(string(output), "OS thread locking must match") {
			t.Errorf("%s with the thread locked: %v\n%s", does, err, output)
		}
	}
}
