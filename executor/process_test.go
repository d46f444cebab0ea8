//go:build unix

package executor_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/executor"
)

// everywhere runs a test body in a goroutine, and as a task of a loop.
func everywhere(t *testing.T, body func(t *testing.T, ctx context.Context)) {
	t.Helper()
	t.Run("goroutine", func(t *testing.T) { body(t, t.Context()) })
	t.Run("task", func(t *testing.T) {
		if err := aio.Run(t.Context(), func(ctx context.Context) error {
			body(t, ctx)
			return nil
		}); err != nil {
			t.Error(err)
		}
	})
}

func TestProcessRunsAFunction(t *testing.T) {
	everywhere(t, func(t *testing.T, ctx context.Context) {
		pool := newPool(t, executor.ProcessPoolOptions{Workers: 1})
		in := point{X: 1, Y: 2, Label: "\xff", When: time.Now(), Tags: map[string][]string{"a": {"b", "c"}, "n": nil}}
		out, err := mirror.Run(ctx, pool, in)
		if err != nil {
			t.Fatal(err)
		}
		if out.X != 2 || out.Y != 1 || out.Label != in.Label || !out.When.Equal(in.When) || len(out.Tags["a"]) != 2 || out.Tags["n"] != nil {
			t.Errorf("%+v came back as %+v", in, out)
		}
		worker, err := pid.Run(ctx, pool, struct{}{})
		if err != nil || worker == os.Getpid() {
			t.Errorf("it ran in process %d, error %v", worker, err)
		}
		again, err := pid.Run(ctx, pool, struct{}{})
		if err != nil || again != worker {
			t.Errorf("then it ran in process %d, not %d; error %v", again, worker, err)
		}
	})
}

func TestProcessCarriesBytesOfAnySize(t *testing.T) {
	everywhere(t, func(t *testing.T, ctx context.Context) {
		pool := newPool(t, executor.ProcessPoolOptions{Workers: 1})
		for _, size := range []int{0, 1, 4095, 4096, 100_000, 256<<10 - 1, 256 << 10, 256<<10 + 1, 20 << 20} {
			in := make([]byte, size)
			for i := range in {
				in[i] = byte(i * 7)
			}
			out, err := echo.Run(ctx, pool, in)
			if err != nil || !bytes.Equal(in, out) {
				t.Fatalf("%d bytes came back as %d, error %v", size, len(out), err)
			}
		}
	})
}

func TestProcessErrors(t *testing.T) {
	pool := newPool(t, executor.ProcessPoolOptions{Workers: 1})
	ctx := t.Context()
	run := func(kind string) error {
		_, err := fail.Run(ctx, pool, kind)
		if err == nil {
			t.Fatalf("%s: no error", kind)
		}
		return err
	}
	var remote *executor.RemoteError
	if err := run("plain"); !errors.As(err, &remote) || remote.Text != "plain plain: no" || remote.Type != "*fs.PathError" || !strings.Contains(remote.Stack, "functions_test.go") {
		t.Errorf("%#v", err)
	}
	if err := run("known"); !errors.Is(err, errKnown) || err.Error() != "wrapped: a registered error" {
		t.Error(err)
	}
	if err := run("not exist"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	var panicked *aio.PanicError
	if err := run("panic"); !errors.As(err, &panicked) || !strings.Contains(string(panicked.Stack), "functions_test.go") {
		t.Error(err)
	}
	if err := run("panic with an error"); !errors.As(err, &panicked) || !errors.Is(err, errKnown) {
		t.Error(err)
	}
	if err := run("goexit"); !strings.Contains(err.Error(), "Goexit") {
		t.Error(err)
	}
	if s := pool.Stats(); s.Started != 1 || s.Failed != 6 {
		t.Errorf("%+v", s)
	}
}

func TestProcessThatDies(t *testing.T) {
	everywhere(t, func(t *testing.T, ctx context.Context) {
		var said bytes.Buffer
		pool := newPool(t, executor.ProcessPoolOptions{Workers: 1, Stderr: &said})
		_, err := exit.Run(ctx, pool, 7, executor.Label("seven"))
		var died *executor.WorkerError
		if !errors.As(err, &died) || died.Status != "exit status 7" || died.Stderr != "last words" || died.Label != "seven" {
			t.Fatalf("%#v", err)
		}
		if out, err := echo.Run(ctx, pool, []byte("on")); err != nil || string(out) != "on" {
			t.Error(err)
		}
	})
}

func TestProcessCancelKills(t *testing.T) {
	everywhere(t, func(t *testing.T, ctx context.Context) {
		pool := newPool(t, executor.ProcessPoolOptions{Workers: 1})
		note := filepath.Join(t.TempDir(), "pid")
		stop := errors.New("enough")
		inner, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		go func() {
			awaitFile(note)
			cancel(stop)
		}()
		_, err := burn.Run(inner, pool, note, executor.Grace(0))
		if !aio.IsCancelled(err) || !errors.Is(err, stop) || !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
		if alive(string(awaitFile(note))) {
			t.Error("the process burns on")
		}
		if out, err := echo.Run(ctx, pool, []byte("on")); err != nil || string(out) != "on" {
			t.Error(err)
		}
	})
}

func TestProcessCancelEndsTheContextFirst(t *testing.T) {
	pool := newPool(t, executor.ProcessPoolOptions{Workers: 1, Grace: time.Minute})
	note := filepath.Join(t.TempDir(), "cause")
	call, err := obey.Submit(t.Context(), pool, note)
	if err != nil {
		t.Fatal(err)
	}
	for update, err := range call.Progress(t.Context()) {
		if err != nil || update.Note != "waiting" {
			t.Fatal(update, err)
		}
		call.Cancel(nil)
	}
	if _, err := call.Await(t.Context()); !aio.IsCancelled(err) {
		t.Error(err)
	}
	if cause := string(awaitFile(note)); cause != "context canceled" {
		t.Error(cause)
	}
	if s := pool.Stats(); s.Started != 1 || s.Died != 0 {
		t.Errorf("the worker was not kept: %+v", s)
	}
}

func TestProcessTimeout(t *testing.T) {
	everywhere(t, func(t *testing.T, ctx context.Context) {
		pool := newPool(t, executor.ProcessPoolOptions{Workers: 1, Grace: 10 * time.Millisecond})
		for _, f := range []*executor.Function[string, int]{burn, obey} {
			_, err := f.Run(ctx, pool, "", executor.Timeout(30*time.Millisecond))
			var timeout *aio.TimeoutError
			if !errors.As(err, &timeout) || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: %v", f.Name(), err)
			}
		}
	})
}

// awaitFile returns the content of a file once it has some.
func awaitFile(path string) []byte {
	for {
		if b, err := os.ReadFile(path); err == nil && len(b) > 0 {
			return b
		}
		time.Sleep(time.Millisecond)
	}
}

// alive reports whether there is a process of that number that has not ended.
func alive(pid string) bool {
	stat, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		return false
	}
	_, state, _ := strings.Cut(string(stat), ") ")
	return state[0] != 'Z'
}
