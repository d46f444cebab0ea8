//go:build unix

package executor_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"runtime"
	"time"

	"github.com/goaio/aio/executor"
)

// The functions that the tests run in workers.

type point struct {
	X, Y  int
	Label string
	When  time.Time
	Tags  map[string][]string
}

var errKnown = errors.New("a registered error")

func init() { executor.RegisterError(errKnown) }

var (
	echo = executor.Func("echo", func(_ context.Context, in []byte) ([]byte, error) { return in, nil })

	mirror = executor.Func("mirror", func(_ context.Context, p point) (point, error) {
		p.X, p.Y = p.Y, p.X
		return p, nil
	})

	pid = executor.Func("pid", func(context.Context, struct{}) (int, error) { return os.Getpid(), nil })

	fail = executor.Func("fail", func(_ context.Context, kind string) (int, error) {
		switch kind {
		case "known":
			return 0, fmt.Errorf("wrapped: %w", errKnown)
		case "not exist":
			_, err := os.Open("/there/is/no/such/file")
			return 0, err
		case "panic":
			var p *point
			p.X = len(kind) // of no point
		case "panic with an error":
			panic(fmt.Errorf("in a panic: %w", errKnown))
		case "goexit":
			runtime.Goexit()
		}
		return 0, &fs.PathError{Op: "plain", Path: kind, Err: errors.New("no")}
	})

	exit = executor.Func("exit", func(_ context.Context, status int) (int, error) {
		fmt.Fprintln(os.Stderr, "last words")
		os.Exit(status)
		return 0, nil
	})

	// burn computes until it is killed.
	burn = executor.Func("burn", func(_ context.Context, note string) (int, error) {
		if note != "" {
			_ = os.WriteFile(note, fmt.Appendf(nil, "%d", os.Getpid()), 0o600)
		}
		for i := 0; ; i++ {
			if i < 0 {
				return i, nil
			}
		}
	})

	// obey waits for the end of its context.
	obey = executor.Func("obey", func(ctx context.Context, note string) (int, error) {
		executor.Progress(ctx, 1, 2, "waiting")
		<-ctx.Done()
		if note != "" {
			_ = os.WriteFile(note, []byte(context.Cause(ctx).Error()), 0o600)
		}
		return 0, ctx.Err()
	})

	// hold waits until a file has something in it.
	hold = executor.Func("hold", func(ctx context.Context, gate string) (int, error) {
		executor.Progress(ctx, 1, 2, "holding")
		awaitFile(gate)
		return 0, nil
	})

	talk = executor.Func("talk", func(ctx context.Context, n int) (int, error) {
		for i := range n {
			executor.Progress(ctx, int64(i+1), int64(n), fmt.Sprint("step ", i+1))
		}
		slog.With("a", 1).WithGroup("g").InfoContext(ctx, "hello", "b", 2.5, "c", errKnown, slog.Group("d", "e", "f"))
		slog.Debug("too low")
		return n, nil
	})
)
