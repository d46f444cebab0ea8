//go:build unix

package executor_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/executor"
)

// The functions of this file do what no function should.
var (
	garbage = executor.Func("garbage", func(_ context.Context, what string) (int, error) {
		answers := os.NewFile(6, "the answers")
		switch what {
		case "noise":
			answers.Write(bytes.Repeat([]byte("noise "), 100))
		case "half a frame":
			answers.Write([]byte{100, 0, 0, 0, 5, 0, 0, 0, 1})
			os.Exit(9)
		case "an end":
			answers.Close()
		case "another's answer":
			answers.Write(append([]byte{8, 0, 0, 0, 5, 0, 0, 0, 255, 255, 0, 0, 0, 0, 0, 0}, make([]byte, 8)...))
		case "no memory":
			answers.Write(append([]byte{8, 0, 0, 0, 5, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0}, make([]byte, 8)...))
		}
		select {}
	})

	shout = executor.Func("shout", func(_ context.Context, n int) (int, error) {
		for range n {
			os.Stderr.Write(bytes.Repeat([]byte("x"), 1000))
		}
		return n, nil
	})

	eat = executor.Func("eat", func(context.Context, struct{}) (int, error) {
		var all [][]byte
		for {
			b := make([]byte, 1<<20)
			for i := 0; i < len(b); i += 4096 {
				b[i] = 1
			}
			all = append(all, b)
			time.Sleep(100 * time.Microsecond)
			if len(all) == 1<<30 {
				return 0, nil
			}
		}
	})

	// fork starts processes that outlive it if they can.
	fork = executor.Func("fork", func(_ context.Context, n int) ([]int, error) {
		var pids []int
		for range n {
			c := exec.Command("sleep", "1000")
			if err := c.Start(); err != nil {
				return nil, err
			}
			pids = append(pids, c.Process.Pid)
		}
		return pids, nil
	})

	descriptors = executor.Func("descriptors", func(context.Context, struct{}) ([]string, error) {
		entries, err := os.ReadDir("/proc/self/fd")
		var found []string
		for _, e := range entries {
			if fd, _ := strconv.Atoi(e.Name()); fd <= 6 {
				continue
			}
			target, _ := os.Readlink("/proc/self/fd/" + e.Name())
			found = append(found, e.Name()+" "+target)
		}
		return found, err
	})

	surroundings = executor.Func("surroundings", func(context.Context, struct{}) ([]string, error) {
		directory, err := os.Getwd()
		if err != nil {
			return nil, err
		}
		nice, err := syscall.Getpriority(syscall.PRIO_PROCESS, 0)
		if err != nil {
			return nil, err
		}
		extra, err := io.ReadAll(executor.ExtraFile(0))
		return []string{os.Getenv("EXECUTOR_TEST"), directory, strconv.Itoa(20 - nice), string(extra), os.Getenv("GOMEMLIMIT")}, err
	})
)

func TestAStoppedWorkerIsKilled(t *testing.T) {
	pool := newPool(t, executor.ProcessPoolOptions{Workers: 1, Grace: time.Millisecond})
	worker, err := pid.Run(t.Context(), pool, struct{}{})
	if err != nil {
		t.Fatal(err)
	}
	stopProcess(t, worker)
	_, err = echo.Run(t.Context(), pool, []byte("x"), executor.Timeout(20*time.Millisecond))
	var timeout *aio.TimeoutError
	if !errors.As(err, &timeout) || alive(strconv.Itoa(worker)) {
		t.Errorf("error %v", err)
	}
	if _, err := echo.Run(t.Context(), pool, nil); err != nil {
		t.Error(err)
	}
}

func TestGarbageInsteadOfAnswers(t *testing.T) {
	everywhere(t, func(t *testing.T, ctx context.Context) {
		pool := newPool(t, executor.ProcessPoolOptions{Workers: 1})
		for _, what := range []string{"noise", "half a frame", "another's answer", "no memory", "an end"} {
			_, err := garbage.Run(ctx, pool, what)
			var died *executor.WorkerError
			if !errors.As(err, &died) || what != "half a frame" && !errors.Is(err, executor.ErrProtocol) {
				t.Errorf("%s: error %v", what, err)
			}
			if _, err := echo.Run(ctx, pool, nil); err != nil {
				t.Errorf("after %s: %v", what, err)
			}
		}
	})
}

func TestStandardErrorIsAlwaysRead(t *testing.T) {
	var said counter
	pool := newPool(t, executor.ProcessPoolOptions{Workers: 1, Stderr: &said})
	if n, err := shout.Run(t.Context(), pool, 1000); n != 1000 || err != nil {
		t.Error(n, err)
	}
	if err := pool.Shutdown(t.Context(), executor.WaitForAll); err != nil {
		t.Error(err)
	}
	if said.n.Load() != 1_000_000 {
		t.Errorf("%d bytes came", said.n.Load())
	}
}

type counter struct{ n atomic.Int64 }

func (c *counter) Write(b []byte) (int, error) { c.n.Add(int64(len(b))); return len(b), nil }

func TestAWorkerWithTooMuchMemoryIsKilled(t *testing.T) {
	pool := newPool(t, executor.ProcessPoolOptions{Workers: 1, MemoryLimit: 64 << 20})
	_, err := eat.Run(t.Context(), pool, struct{}{})
	var died *executor.WorkerError
	if !errors.As(err, &died) || !errors.Is(err, executor.ErrMemory) {
		t.Errorf("error %v", err)
	}
	if _, err := echo.Run(t.Context(), pool, nil); err != nil {
		t.Error(err)
	}
}

func TestAnInputThatKillsIsRefused(t *testing.T) {
	pool := newPool(t, executor.ProcessPoolOptions{Workers: 2, Stderr: io.Discard})
	var refused *executor.RefusedError
	_, err := exit.Run(t.Context(), pool, 5, executor.Retry(10), executor.Label("the bad one"))
	if !errors.As(err, &refused) || refused.Deaths != 3 || !strings.Contains(err.Error(), "the bad one") || !strings.Contains(err.Error(), `"exit"`) {
		t.Errorf("error %v", err)
	}
	before := pool.Stats().Died
	if _, err := exit.Run(t.Context(), pool, 5); !errors.As(err, &refused) {
		t.Errorf("error %v", err)
	}
	if after := pool.Stats().Died; after != before {
		t.Errorf("it ran again: %d deaths, then %d", before, after)
	}
	var died *executor.WorkerError
	if _, err := exit.Run(t.Context(), pool, 6); !errors.As(err, &died) {
		t.Errorf("another input: error %v", err)
	}
}

func TestWhatAFunctionStartsEndsWithItsWorker(t *testing.T) {
	pool := newPool(t, executor.ProcessPoolOptions{Workers: 1})
	pids, err := fork.Run(t.Context(), pool, 20)
	if err != nil {
		t.Fatal(err)
	}
	if err := pool.Shutdown(t.Context(), executor.WaitForAll); err != nil {
		t.Error(err)
	}
	for _, pid := range pids {
		for deadline := time.Now().Add(5 * time.Second); alive(strconv.Itoa(pid)); {
			if time.Now().After(deadline) {
				t.Fatalf("process %d is left", pid)
			}
		}
	}
}

func TestDescriptorsAreNotInherited(t *testing.T) {
	secret, err := os.Open(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	defer secret.Close()
	pool := newPool(t, executor.ProcessPoolOptions{Workers: 2})
	for range 4 {
		found, err := descriptors.Run(t.Context(), pool, struct{}{})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range found {
			// The Go runtime and the read of the directory have some of their own.
			if _, target, _ := strings.Cut(f, " "); strings.HasPrefix(target, "pipe:") || strings.HasPrefix(target, "socket:") || strings.HasSuffix(target, ".test") {
				t.Errorf("the worker has descriptor %s", f)
			}
		}
	}
}

func TestSurroundings(t *testing.T) {
	extra := filepath.Join(t.TempDir(), "extra")
	if err := os.WriteFile(extra, []byte("from outside"), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(extra)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	directory := t.TempDir()
	pool := newPool(t, executor.ProcessPoolOptions{
		Workers: 1, Environment: []string{"EXECUTOR_TEST=a", "EXECUTOR_TEST=b"}, Directory: directory, Nice: 3,
		ExtraFiles: []*os.File{file}, MemoryLimit: 100_000_000,
	})
	got, err := surroundings.Run(t.Context(), pool, struct{}{})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"b", directory, "3", "from outside", "90000000"} {
		if got[i] != want {
			t.Errorf("%q, want %q", got[i], want)
		}
	}
}

func TestRecyclingWithAFullQueueDuringShutdown(t *testing.T) {
	everywhere(t, func(t *testing.T, ctx context.Context) {
		pool := newPool(t, executor.ProcessPoolOptions{Workers: 2, CallsPerWorker: 3, QueueLength: 60})
		var calls []*executor.Call[[]byte]
		for i := range 60 {
			call, err := echo.SubmitNoWait(ctx, pool, []byte{byte(i)})
			if err != nil {
				t.Fatal(err)
			}
			calls = append(calls, call)
		}
		if err := pool.Shutdown(ctx, executor.WaitForAll); err != nil {
			t.Error(err)
		}
		for i, call := range calls {
			if out, err := call.Result(); err != nil || len(out) != 1 || out[0] != byte(i) {
				t.Errorf("call %d: %v, error %v", i, out, err)
			}
		}
		if s := pool.Stats(); s.Started < 20 || s.Died != 0 {
			t.Errorf("%+v", s)
		}
		if _, err := echo.Run(ctx, pool, nil); !errors.Is(err, aio.ErrShutdown) {
			t.Errorf("after the shutdown: %v", err)
		}
	})
}

func TestShutdownModes(t *testing.T) {
	everywhere(t, func(t *testing.T, ctx context.Context) {
		gate := filepath.Join(t.TempDir(), "gate")
		start := func() (pool *executor.ProcessPool, runs, waits *executor.Call[int]) {
			pool = newPool(t, executor.ProcessPoolOptions{Workers: 1})
			runs, err := hold.Submit(ctx, pool, gate)
			if err != nil {
				t.Fatal(err)
			}
			for _, err := range runs.Progress(ctx) {
				if err != nil {
					t.Fatal(err)
				}
				break
			}
			if waits, err = hold.Submit(ctx, pool, gate); err != nil {
				t.Fatal(err)
			}
			return pool, runs, waits
		}
		// A call's end may be told a moment after its process has gone.
		ended := func(call *executor.Call[int]) error {
			_, err := call.Await(ctx)
			return err
		}
		pool, runs, waits := start()
		if err := pool.Shutdown(ctx, executor.KillAll); err != nil || !errors.Is(ended(runs), aio.ErrShutdown) || !errors.Is(ended(waits), aio.ErrShutdown) {
			t.Error(err, ended(runs), ended(waits))
		}
		pool, runs, _ = start()
		short, cancel := context.WithTimeout(ctx, time.Millisecond)
		defer cancel()
		if err := pool.Shutdown(short, executor.WaitForAll); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "killed 1 calls and dropped 1") || ended(runs) == nil {
			t.Error(err, ended(runs))
		}
		pool, runs, waits = start()
		dropped := waits.Done()
		go func() {
			<-dropped
			_ = os.WriteFile(gate, []byte("open"), 0o600)
		}()
		if err := pool.Shutdown(ctx, executor.CancelWaiting); err != nil || ended(runs) != nil || !errors.Is(ended(waits), aio.ErrShutdown) {
			t.Error(err, ended(runs), ended(waits))
		}
	})
}

func TestPrioritiesAndPlaces(t *testing.T) {
	pool := newPool(t, executor.ProcessPoolOptions{Workers: 1, QueueLength: 3})
	first, err := obey.Submit(t.Context(), pool, "")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var order []int
	for i, priority := range []int{0, 7, 0} {
		call, err := echo.Submit(t.Context(), pool, nil, executor.Priority(priority))
		if err != nil {
			t.Fatal(err)
		}
		call.AddDoneCallback(func() {
			mu.Lock()
			defer mu.Unlock()
			order = append(order, i)
		})
	}
	if _, err := echo.SubmitNoWait(t.Context(), pool, nil); !errors.Is(err, aio.ErrQueueFull) {
		t.Errorf("SubmitNoWait: %v", err)
	}
	short, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := echo.Run(short, pool, nil); !aio.IsCancelled(err) {
		t.Errorf("Run that was cancelled in the line: %v", err)
	}
	first.Cancel(nil)
	if _, err := echo.Run(t.Context(), pool, nil); err != nil {
		t.Error(err)
	}
	mu.Lock()
	defer mu.Unlock()
	if fmt.Sprint(order) != "[1 0 2]" {
		t.Errorf("they ran as %v", order)
	}
}

func TestLogLinesAndProgressArrive(t *testing.T) {
	var mu sync.Mutex
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(writerFunc(func(b []byte) (int, error) {
		mu.Lock()
		defer mu.Unlock()
		return log.Write(b)
	}), nil))
	pool := newPool(t, executor.ProcessPoolOptions{Workers: 1, Name: "talkers", Logger: logger})
	call, err := talk.Submit(t.Context(), pool, 1000, executor.Label("chat"))
	if err != nil {
		t.Fatal(err)
	}
	var last executor.Update
	for u, err := range call.Progress(t.Context()) {
		if err != nil || u.Done <= last.Done {
			t.Fatal(u, err, last)
		}
		last = u
	}
	if last.Done != 1000 || last.Note != "step 1000" {
		t.Errorf("the last update is %+v", last)
	}
	mu.Lock()
	defer mu.Unlock()
	for _, want := range []string{"msg=hello", "a=1", "g.b=2.5", `g.c="a registered error"`, "g.d.e=f", "pool=talkers", "function=talk", "label=chat", "worker="} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log lacks %s:\n%s", want, &log)
		}
	}
	if strings.Contains(log.String(), "too low") {
		t.Errorf("the log has a line of too low a level:\n%s", &log)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }
