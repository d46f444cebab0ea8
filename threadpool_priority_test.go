package aio_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"testing"

	. "github.com/goaio/aio"
)

// noteJob notes its number when it runs, or the error that it was dropped with.
type noteJob struct {
	number int
	to     *notes
}

type notes struct {
	mu      sync.Mutex
	ran     []int
	dropped []error
}

func (j noteJob) Run() {
	j.to.mu.Lock()
	defer j.to.mu.Unlock()
	j.to.ran = append(j.to.ran, j.number)
}

func (j noteJob) Drop(err error) {
	j.to.mu.Lock()
	defer j.to.mu.Unlock()
	j.to.dropped = append(j.to.dropped, err)
}

// gateJob holds a worker until it is opened.
type gateJob struct{ begun, open chan struct{} }

func newGateJob() gateJob { return gateJob{make(chan struct{}), make(chan struct{})} }

func (j gateJob) Run()       { close(j.begun); <-j.open }
func (j gateJob) Drop(error) {}

func TestWithPriorityOrdersWhatWaits(t *testing.T) {
	pool := NewThreadPool(1)
	gate := newGateJob()
	if err := pool.SubmitNoWait(gate); err != nil {
		t.Fatal(err)
	}
	<-gate.begun
	var n notes
	for i, priority := range []int{0, 5, -1, 5, 7, 0, -1} {
		var err error
		if i%2 == 0 {
			err = pool.WithPriority(priority).SubmitNoWait(noteJob{i, &n})
		} else {
			err = pool.WithPriority(priority).Submit(t.Context(), noteJob{i, &n})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	close(gate.open)
	if err := pool.Shutdown(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	if want := []int{4, 1, 3, 0, 5, 2, 6}; !slices.Equal(n.ran, want) {
		t.Errorf("they ran as %v, want %v", n.ran, want)
	}
}

func TestShutdownDropsEveryPriority(t *testing.T) {
	pool := NewThreadPool(1)
	gate := newGateJob()
	if err := pool.SubmitNoWait(gate); err != nil {
		t.Fatal(err)
	}
	<-gate.begun
	var n notes
	for i, priority := range []int{0, 5, -1} {
		if err := pool.WithPriority(priority).SubmitNoWait(noteJob{i, &n}); err != nil {
			t.Fatal(err)
		}
	}
	go func() {
		for pool.Stats().Queued > 0 {
			runtime.Gosched()
		}
		close(gate.open)
	}()
	if err := pool.Shutdown(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	if len(n.ran) > 0 || len(n.dropped) != 3 || !errors.Is(n.dropped[0], ErrShutdown) {
		t.Errorf("ran %v, dropped with %v", n.ran, n.dropped)
	}
}

// anotherExecutor is an executor that the package does not know.
type anotherExecutor struct{ *ThreadPool }

// fullExecutors are executors of one worker without a queue, which is busy until
// the gate is opened.
func fullExecutors(t *testing.T, body func(t *testing.T, executor Executor, gate gateJob)) {
	t.Helper()
	for name, of := range map[string]func(*ThreadPool) Executor{
		"pool":          func(p *ThreadPool) Executor { return p },
		"with priority": func(p *ThreadPool) Executor { return p.WithPriority(3) },
		"another":       func(p *ThreadPool) Executor { return anotherExecutor{p} },
	} {
		t.Run(name, func(t *testing.T) {
			pool := NewThreadPool(1, PoolQueueLength(0))
			gate := newGateJob()
			if err := pool.SubmitNoWait(gate); err != nil {
				t.Fatal(err)
			}
			<-gate.begun
			body(t, of(pool), gate)
			if err := pool.Shutdown(context.Background(), false); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestSubmitOnWaitsForAPlace(t *testing.T) {
	fullExecutors(t, func(t *testing.T, executor Executor, gate gateJob) {
		var n notes
		if err := Run(t.Context(), func(ctx context.Context) error {
			submitted := Go(ctx, func(ctx context.Context) error { return SubmitOn(ctx, executor, noteJob{1, &n}) })
			// The loop runs on while the task waits.
			for range 3 {
				if err := Yield(ctx); err != nil {
					return err
				}
			}
			if submitted.Completed() {
				t.Error("it was taken without a place")
			}
			close(gate.open)
			_, err := submitted.Await(ctx)
			return err
		}); err != nil {
			t.Error(err)
		}
		if err := executor.Shutdown(context.Background(), false); err != nil || !slices.Equal(n.ran, []int{1}) {
			t.Errorf("ran %v, error %v", n.ran, err)
		}
	})
}

func TestSubmitOnThatIsCancelledSubmitsNothing(t *testing.T) {
	stop := errors.New("stop")
	fullExecutors(t, func(t *testing.T, executor Executor, gate gateJob) {
		var n notes
		check := func(where string, err error) {
			if !IsCancelled(err) || !errors.Is(err, stop) {
				t.Errorf("%s: error %v", where, err)
			}
		}
		if err := Run(t.Context(), func(ctx context.Context) error {
			submitted := Go(ctx, func(ctx context.Context) error { return SubmitOn(ctx, executor, noteJob{1, &n}) })
			if err := Yield(ctx); err != nil {
				return err
			}
			submitted.Cancel(stop)
			_, err := submitted.Await(ctx)
			check("task", err)
			return nil
		}); err != nil {
			t.Error(err)
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(stop)
		check("goroutine", SubmitOn(ctx, executor, noteJob{2, &n}))
		close(gate.open)
		if err := executor.Shutdown(context.Background(), false); err != nil || len(n.ran)+len(n.dropped) > 0 {
			t.Errorf("ran %v, dropped %v, error %v", n.ran, n.dropped, err)
		}
	})
}
