//go:build unix

package executor_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/executor"
)

// inline is an executor that another package may bring: it runs what it is given
// on a goroutine, and answers some functions itself.
type inline struct {
	running sync.WaitGroup
	seen    []string
}

var errRefused = errors.New("refused")

func (e *inline) Workers() int { return 1 }

func (e *inline) Execute(ctx context.Context, v *executor.Invocation) error {
	input, err := v.Input()
	if err != nil {
		return err
	}
	e.seen = append(e.seen, v.Function()+" "+v.Label()+" "+string(input))
	switch {
	case v.NoWait():
		return aio.ErrQueueFull
	case v.Priority() < 0:
		return errRefused
	case v.Label() == "forget":
		// It hears of the cancel, and ends the call then.
		v.OnCancel(func(cause error) { v.Fail(cause) })
		return nil
	case v.Label() == "answer":
		v.Report(executor.Update{Done: 1})
		v.Succeed([]byte("answered"))
		v.Fail(errRefused) // too late
		return nil
	}
	e.running.Go(func() { v.Invoke(v.Context()) })
	return nil
}

func TestAnExecutorOfOnesOwn(t *testing.T) {
	everywhere(t, func(t *testing.T, ctx context.Context) {
		e := &inline{}
		if out, err := echo.Run(ctx, e, []byte("x")); string(out) != "x" || err != nil {
			t.Error(out, err)
		}
		if _, err := fail.Run(ctx, e, "known"); !errors.Is(err, errKnown) {
			t.Error(err)
		}
		var panicked *aio.PanicError
		if _, err := fail.Run(ctx, e, "panic"); !errors.As(err, &panicked) {
			t.Error(err)
		}
		if _, err := fail.Run(ctx, e, "goexit"); !errors.Is(err, aio.ErrGoexit) {
			t.Error(err)
		}
		call, err := echo.Submit(ctx, e, []byte("y"), executor.Label("answer"))
		if err != nil {
			t.Fatal(err)
		}
		updates := 0
		for _, err := range call.Progress(ctx) {
			if updates++; err != nil {
				t.Error(err)
			}
		}
		if out, err := call.Await(ctx); string(out) != "answered" || err != nil || updates != 1 {
			t.Error(string(out), err, updates)
		}
		short, cancel := context.WithTimeout(ctx, time.Millisecond)
		defer cancel()
		if _, err := echo.Run(short, e, nil, executor.Label("forget")); !aio.IsCancelled(err) {
			t.Error(err)
		}
		if _, err := echo.Run(ctx, e, nil, executor.Priority(-1)); !errors.Is(err, errRefused) {
			t.Error(err)
		}
		if _, err := echo.SubmitNoWait(ctx, e, nil); !errors.Is(err, aio.ErrQueueFull) {
			t.Error(err)
		}
		e.running.Wait()
		if e.seen[0] != "echo  x" || len(e.seen) != 8 {
			t.Errorf("it saw %q", e.seen)
		}
	})
}

// dieOnce ends its process unless a file says that it has done so.
var dieOnce = executor.Func("die once", func(_ context.Context, note string) (string, error) {
	if _, err := os.Stat(note); err == nil {
		return "alive", nil
	}
	if err := os.WriteFile(note, nil, 0o600); err != nil {
		return "", err
	}
	os.Exit(1)
	return "", nil
})

func TestARetry(t *testing.T) {
	everywhere(t, func(t *testing.T, ctx context.Context) {
		pool := newPool(t, executor.ProcessPoolOptions{Workers: 1})
		note := filepath.Join(t.TempDir(), "note")
		if out, err := dieOnce.Run(ctx, pool, note, executor.Retry(1)); out != "alive" || err != nil {
			t.Error(out, err)
		}
		if s := pool.Stats(); s.Retried != 1 || s.Died != 1 || s.Succeeded != 1 {
			t.Errorf("%+v", s)
		}
		var died *executor.WorkerError
		if _, err := dieOnce.Run(ctx, pool, note+" of another"); !errors.As(err, &died) {
			t.Error(err)
		}
	})
}
