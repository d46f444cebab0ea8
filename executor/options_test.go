//go:build unix

package executor_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/executor"
)

var (
	swell = executor.Func("swell", func(_ context.Context, n int) ([]byte, error) { return make([]byte, n), nil })

	// terminate takes no notice of its context, and some of SIGTERM.
	terminate = executor.Func("terminate", func(ctx context.Context, note string) (int, error) {
		terms := make(chan os.Signal, 1)
		signal.Notify(terms, syscall.SIGTERM)
		executor.Progress(ctx, 1, 2, "deaf")
		<-terms
		if err := os.WriteFile(note, fmt.Appendf(nil, "SIGTERM, context: %v", ctx.Err()), 0o600); err != nil {
			return 0, err
		}
		select {}
	})
)

func TestNamesThatFuncRefuses(t *testing.T) {
	for name, want := range map[string]string{
		"":                       "cannot name a function",
		"a\nb":                   "cannot name a function",
		strings.Repeat("x", 256): "cannot name a function",
		"echo":                   "functions_test.go",
	} {
		func() {
			defer func() {
				if said := fmt.Sprint(recover()); !strings.Contains(said, want) {
					t.Errorf("%.10q: %s", name, said)
				}
			}()
			executor.Func(name, func(context.Context, int) (int, error) { return 0, nil })
		}()
	}
}

// registerLate is a main that registers a function when its worker has started.
func registerLate() {
	executor.Main()
	ctx := context.Background()
	pool, err := executor.NewProcessPool(executor.ProcessPoolOptions{Workers: 1})
	if err == nil {
		_, err = echo.Run(ctx, pool, nil)
	}
	if err == nil {
		late := executor.Func("late", func(context.Context, int) (int, error) { return 0, nil })
		_, err = late.Run(ctx, pool, 0)
	}
	fmt.Println(errors.Is(err, executor.ErrUnknownFunction), err)
	_ = pool.Shutdown(ctx, executor.KillAll)
	os.Exit(0)
}

func TestAFunctionThatTheWorkerDoesNotHave(t *testing.T) {
	program := exec.Command(os.Args[0])
	program.Env = append(os.Environ(), "EXECUTOR_TEST_MAIN=registers late")
	out, err := program.CombinedOutput()
	if err != nil || !strings.HasPrefix(string(out), "true ") || !strings.Contains(string(out), `"late"`) {
		t.Errorf("it said %q, error %v", out, err)
	}
}

func TestPayloadsAreBounded(t *testing.T) {
	everywhere(t, func(t *testing.T, ctx context.Context) {
		for _, limit := range []int{1000, 300 << 10} { // in the pipe, and in memory
			pool := newPool(t, executor.ProcessPoolOptions{Workers: 1, PayloadLimit: int64(limit)})
			if out, err := echo.Run(ctx, pool, make([]byte, limit)); err != nil || len(out) != limit {
				t.Error(len(out), err)
			}
			want := fmt.Sprintf("%d bytes, of %d at most", limit+1, limit)
			if _, err := echo.Run(ctx, pool, make([]byte, limit+1)); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("input: error %v", err)
			}
			if _, err := swell.Run(ctx, pool, limit+1); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("result: error %v", err)
			}
			if s := pool.Stats(); s.Started != 1 {
				t.Errorf("%+v", s)
			}
		}
	})
}

func TestThePoolsTimeout(t *testing.T) {
	pool := newPool(t, executor.ProcessPoolOptions{Workers: 1, Timeout: 20 * time.Millisecond, Grace: -1})
	var timeout *aio.TimeoutError
	if _, err := burn.Run(t.Context(), pool, ""); !errors.As(err, &timeout) || timeout.After != 20*time.Millisecond {
		t.Errorf("error %v", err)
	}
	if _, err := burn.Run(t.Context(), pool, "", executor.Timeout(10*time.Millisecond)); !errors.As(err, &timeout) || timeout.After != 10*time.Millisecond {
		t.Errorf("error %v", err)
	}
}

// What takes no notice of its context gets SIGTERM, and what takes none of that
// SIGKILL.
func TestTheStagesOfACancel(t *testing.T) {
	pool := newPool(t, executor.ProcessPoolOptions{Workers: 1, Grace: 50 * time.Millisecond})
	note := filepath.Join(t.TempDir(), "note")
	call, err := terminate.Submit(t.Context(), pool, note)
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range call.Progress(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		call.Cancel(nil)
	}
	if _, err := call.Await(t.Context()); !aio.IsCancelled(err) {
		t.Error(err)
	}
	if said := string(awaitFile(note)); said != "SIGTERM, context: context canceled" {
		t.Errorf("it noted %q", said)
	}
	if _, err := echo.Run(t.Context(), pool, nil); err != nil {
		t.Error(err)
	}
}

func TestHistogram(t *testing.T) {
	h := executor.Histogram{Count: 100, Sum: time.Second}
	h.Counts[1], h.Counts[5], h.Counts[10] = 50, 49, 1
	for q, want := range map[float64]time.Duration{0: 2, 0.5: 2, 0.51: 32, 0.99: 32, 1: 1024, 7: 1024} {
		if got := h.Quantile(q); got != want*time.Microsecond {
			t.Errorf("quantile %v is %v, not %v µs", q, got, int64(want))
		}
	}
	if h.Mean() != 10*time.Millisecond {
		t.Errorf("the mean is %v", h.Mean())
	}
	if none := (executor.Histogram{}); none.Mean() != 0 || none.Quantile(0.5) != 0 {
		t.Error("nothing has a mean")
	}
}
