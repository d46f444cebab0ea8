//go:build unix

package executor_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/executor"
)

// countDescriptors is the number of descriptors that are open here.
func countDescriptors(t testing.TB) int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

// burden is what a call of bear has to do.
type burden struct {
	Number int
	Begun  string // a file where the numbers are noted of the calls that have begun
	Victim bool   // says in which process it is, and stays until that is killed
	Spin   time.Duration
}

var bear = executor.Func("bear", func(ctx context.Context, b burden) (int, error) {
	note, err := os.OpenFile(b.Begun, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return 0, err
	}
	_, err = note.Write(binary.LittleEndian.AppendUint64(nil, uint64(b.Number)))
	if err = errors.Join(err, note.Close()); err != nil {
		return 0, err
	}
	if b.Victim {
		executor.Progress(ctx, int64(os.Getpid()), 0, "")
		select {}
	}
	for begun := time.Now(); time.Since(begun) < b.Spin; {
	}
	return b.Number, nil
})

// TestRandomKills kills workers under load: each of so many while it runs a call
// that waits for it, and some more at random. Each call ends once, with its result
// or an error that says what became of its worker, and has begun once at most;
// but for the calls that were killed none dies.
func TestRandomKills(t *testing.T) {
	calls, kills := 2000, 40
	if os.Getenv("EXECUTOR_LONG") != "" {
		calls, kills = 10_000, 200
	}
	strays := kills / 4
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	before := countDescriptors(t)
	everywhere(t, func(t *testing.T, ctx context.Context) {
		random := rand.New(rand.NewPCG(seed, 0))
		burdens := make([]burden, calls)
		begun := filepath.Join(t.TempDir(), "begun")
		for i := range burdens {
			burdens[i] = burden{Number: i, Begun: begun}
			if random.IntN(10) == 0 {
				burdens[i].Spin = time.Duration(random.IntN(2000)) * time.Microsecond
			}
		}
		for _, i := range random.Perm(calls)[:kills] {
			burdens[i].Victim = true
		}
		if err := os.WriteFile(begun, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		pool := newPool(t, executor.ProcessPoolOptions{Workers: 3, QueueLength: 50, CallsPerWorker: 100, DeathsPerInput: 1000, Stderr: io.Discard})
		// Struck are the victims that said that they run; a stray may have been there before.
		var ended, succeeded, died, killed, struck atomic.Int64
		stop := make(chan struct{})
		var killer sync.WaitGroup
		killer.Go(func() {
			for i := range strays {
				for ended.Load() < int64(i*calls/strays) {
					select {
					case <-stop:
						return
					default:
						time.Sleep(50 * time.Microsecond)
					}
				}
				// A worker is found by asking the system, not the pool.
				children := childrenOf(os.Getpid())
				if len(children) > 0 && syscall.Kill(children[random.IntN(len(children))], syscall.SIGKILL) == nil {
					killed.Add(1)
				}
			}
		})
		run := func(ctx context.Context, b burden) (int, error) {
			if !b.Victim && b.Number%2 == 0 {
				return bear.Run(ctx, pool, b)
			}
			call, err := bear.Submit(ctx, pool, b)
			if err != nil {
				return 0, err
			}
			if b.Victim {
				for update, err := range call.Progress(ctx) {
					if err != nil {
						return 0, err
					}
					struck.Add(1)
					if syscall.Kill(int(update.Done), syscall.SIGKILL) == nil {
						killed.Add(1)
					}
				}
			}
			return call.Await(ctx)
		}
		err := aio.Group(ctx, func(ctx context.Context) error {
			for g := range 40 {
				aio.Go(ctx, func(ctx context.Context) error {
					for i := g; i < calls; i += 40 {
						out, err := run(ctx, burdens[i])
						ended.Add(1)
						var worker *executor.WorkerError
						switch {
						case err == nil && out == i && !burdens[i].Victim:
							succeeded.Add(1)
						case errors.As(err, &worker) && worker.Status == "killed by SIGKILL":
							died.Add(1)
						default:
							t.Errorf("call %d: %d, error %v", i, out, err)
						}
					}
					return nil
				})
			}
			return nil
		})
		close(stop)
		killer.Wait()
		if err != nil || ended.Load() != int64(calls) || died.Load() < int64(kills) || died.Load() > killed.Load() {
			t.Errorf("%d calls of %d ended, %d of them died of %d kills; error %v", ended.Load(), calls, died.Load(), killed.Load(), err)
		}
		t.Logf("%d calls succeeded and %d died; %d processes were killed, %d of them in a call that waited for it", succeeded.Load(), died.Load(), killed.Load(), struck.Load())
		noted, err := os.ReadFile(begun)
		if err != nil {
			t.Fatal(err)
		}
		times := map[uint64]int{}
		for ; len(noted) >= 8; noted = noted[8:] {
			number := binary.LittleEndian.Uint64(noted)
			if times[number]++; times[number] > 1 {
				t.Errorf("call %d has begun %d times", number, times[number])
			}
		}
		if n := int64(len(times)); n < succeeded.Load()+struck.Load() || struck.Load() < int64(kills-strays) {
			t.Errorf("%d calls have begun, %d of them wait to be killed", n, struck.Load())
		}
		if err := pool.Shutdown(ctx, executor.WaitForAll); err != nil {
			t.Error(err)
		}
		if children := childrenOf(os.Getpid()); len(children) > 0 {
			t.Errorf("processes left behind: %v", children)
		}
	})
	awaitDescriptors(t, before)
}

// awaitDescriptors waits for descriptors that are just being closed.
func awaitDescriptors(t *testing.T, want int) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); countDescriptors(t) > want; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d descriptors are open, and before there were %d", countDescriptors(t), want)
		}
	}
}

// stopProcess stops a process, and waits until it is.
func stopProcess(t *testing.T, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	for stopped := false; !stopped; {
		threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
		if err != nil || len(threads) == 0 {
			t.Fatal(threads, err)
		}
		stopped = true // all of its threads, one of which may just be reading
		for _, thread := range threads {
			stat, err := os.ReadFile(thread)
			stopped = stopped && (err != nil || strings.Contains(string(stat), ") T "))
		}
	}
}

// A call that was on its way to a worker when that died has not run: another
// worker runs it, without having been asked to.
func TestACallThatItsWorkerNeverSawIsNotLost(t *testing.T) {
	everywhere(t, func(t *testing.T, ctx context.Context) {
		pool := newPool(t, executor.ProcessPoolOptions{Workers: 1})
		for _, size := range []int{10, 200 << 10, 1 << 20} { // in the pipe, partly in the pipe, in memory
			worker, err := pid.Run(ctx, pool, struct{}{})
			if err != nil {
				t.Fatal(err)
			}
			stopProcess(t, worker)
			call, err := echo.Submit(ctx, pool, make([]byte, size))
			if err != nil {
				t.Fatal(err)
			}
			if err := syscall.Kill(worker, syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			if out, err := call.Await(ctx); err != nil || len(out) != size {
				t.Errorf("%d bytes of %d came back, error %v", len(out), size, err)
			}
		}
		if s := pool.Stats(); s.Retried != 0 || s.Failed != 0 {
			t.Errorf("%+v", s)
		}
	})
}

// What a program starts while its pools start workers has none of their
// descriptors: else a worker's end would not be noticed.
func TestAProgramThatForksMuch(t *testing.T) {
	before := countDescriptors(t)
	children := make([]*exec.Cmd, 31)
	start := func(i int) {
		children[i] = exec.Command("sleep", "1000")
		if err := children[i].Start(); err != nil {
			t.Error(err)
		}
	}
	start(30) // this one knows what the tests' own parent has handed down
	pool := newPool(t, executor.ProcessPoolOptions{Workers: 2, CallsPerWorker: 1})
	var started sync.WaitGroup
	for i := range 30 {
		started.Go(func() { start(i) })
		found, err := descriptors.Run(t.Context(), pool, struct{}{})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range found {
			if _, target, _ := strings.Cut(f, " "); strings.HasPrefix(target, "pipe:") || strings.HasPrefix(target, "socket:") {
				t.Errorf("a worker has descriptor %s", f)
			}
		}
	}
	started.Wait()
	openIn := func(c *exec.Cmd) int {
		open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", c.Process.Pid))
		if err != nil {
			t.Error(err)
		}
		return len(open)
	}
	for _, c := range children {
		if got, want := openIn(c), openIn(children[30]); got != want {
			t.Errorf("a child has %d descriptors, not %d", got, want)
		}
	}
	// A worker that dies beside them fails its call at once.
	var died *executor.WorkerError
	if _, err := exit.Run(t.Context(), pool, 1); !errors.As(err, &died) {
		t.Errorf("error %v", err)
	}
	for _, c := range children {
		_ = c.Process.Kill()
		_ = c.Wait()
	}
	if err := pool.Shutdown(t.Context(), executor.WaitForAll); err != nil {
		t.Error(err)
	}
	awaitDescriptors(t, before)
}

// dieSlowly ends its process once, and leaves something behind that keeps the
// worker's standard error open for a while.
var dieSlowly = executor.Func("die slowly", func(_ context.Context, note string) (string, error) {
	if _, err := os.Stat(note); err == nil {
		return "alive", nil
	}
	left := exec.Command("sleep", "1")
	left.Stderr, left.SysProcAttr = os.Stderr, &syscall.SysProcAttr{Setsid: true}
	if err := errors.Join(os.WriteFile(note, nil, 0o600), left.Start()); err != nil {
		return "", err
	}
	os.Exit(1)
	return "", nil
})

// The worker in the dead one's place takes calls before the dead one is settled.
func TestACallGoesToAnIdleWorkerAgain(t *testing.T) {
	everywhere(t, func(t *testing.T, ctx context.Context) {
		pool := newPool(t, executor.ProcessPoolOptions{Workers: 1, IdleTimeout: -1})
		ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
		defer cancel()
		if out, err := dieSlowly.Run(ctx, pool, filepath.Join(t.TempDir(), "note"), executor.Retry(1)); out != "alive" || err != nil {
			t.Error(out, err)
		}
	})
}

// handOn gives the end from which its worker reads calls to a process that
// outlives it and never reads.
var handOn = executor.Func("hand on", func(context.Context, struct{}) (int, error) {
	fd, err := syscall.Dup(5)
	if err != nil {
		return 0, err
	}
	calls := os.NewFile(uintptr(fd), "calls")
	defer calls.Close()
	heir := exec.Command("sleep", "100")
	heir.ExtraFiles, heir.SysProcAttr = []*os.File{calls}, &syscall.SysProcAttr{Setsid: true}
	if err := heir.Start(); err != nil {
		return 0, err
	}
	return heir.Process.Pid, nil
})

// A call that is being written when its worker dies is not held up by what else
// has the worker's end of the pipe.
func TestAnotherReaderOfTheCallsHoldsUpNothing(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	pool := newPool(t, executor.ProcessPoolOptions{Workers: 1})
	heir, err := handOn.Run(ctx, pool, struct{}{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = syscall.Kill(heir, syscall.SIGKILL) }()
	worker, err := pid.Run(ctx, pool, struct{}{})
	if err != nil {
		t.Fatal(err)
	}
	stopProcess(t, worker)
	call, err := echo.Submit(ctx, pool, make([]byte, 200<<10)) // more than a pipe holds
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(worker, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if out, err := call.Await(ctx); err != nil || len(out) != 200<<10 {
		t.Errorf("%d bytes came back, error %v", len(out), err)
	}
}

// Tasks go on submitting while the worker whose answers their loop reads is
// dead and has not been reaped.
func TestCallsComeWhileAWorkerDies(t *testing.T) {
	err := aio.Run(t.Context(), func(ctx context.Context) error {
		pool := newPool(t, executor.ProcessPoolOptions{Workers: 1})
		return aio.Group(ctx, func(ctx context.Context) error {
			for range 20 {
				broken := aio.Go(ctx, func(ctx context.Context) error {
					_, err := garbage.Run(ctx, pool, "noise")
					if !errors.Is(err, executor.ErrProtocol) {
						t.Errorf("error %v", err)
					}
					return nil
				})
				for !broken.Completed() {
					aio.Go(ctx, func(ctx context.Context) error {
						_, err := echo.Run(ctx, pool, nil)
						return err
					})
					if err := aio.Sleep(ctx, 100*time.Microsecond); err != nil {
						return err
					}
				}
			}
			return nil
		})
	})
	if err != nil {
		t.Error(err)
	}
}
