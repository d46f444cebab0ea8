package aio

import (
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// The tests run in synctest bubbles: time is virtual, synctest.Wait returns when every worker sleeps, and a bubble ends
// only when all of its goroutines have ended, which makes each a test for leaks.

// A poolTestJob runs run, and notes what was called.
type poolTestJob struct {
	run     func()
	ran     int
	dropped []error
}

func (j *poolTestJob) Run() {
	j.ran++
	if j.run != nil {
		j.run()
	}
}

func (j *poolTestJob) Drop(err error) { j.dropped = append(j.dropped, err) }

func poolTestSubmit(t *testing.T, p *ThreadPool, run func()) *poolTestJob {
	t.Helper()
	job := &poolTestJob{run: run}
	if err := p.SubmitNoWait(job); err != nil {
		t.Fatal(err)
	}
	return job
}

// poolTestShutdown waits for the pool's end and checks that nothing is left.
func poolTestShutdown(t *testing.T, p *ThreadPool) {
	t.Helper()
	if err := p.Shutdown(t.Context(), false); err != nil {
		t.Error(err)
	}
	if s := p.Stats(); s.Workers+s.Idle+s.Running+s.Queued+s.Waiting+p.searching+p.starting != 0 {
		t.Errorf("after shutdown: %+v, searching %d, starting %d", s, p.searching, p.starting)
	}
}

// poolTestQuiet waits until everything sleeps and checks what holds then.
func poolTestQuiet(t *testing.T, p *ThreadPool) ThreadPoolStats {
	t.Helper()
	synctest.Wait()
	s := p.Stats()
	if p.searching != 0 || p.starting != 0 || s.Workers != s.Idle+s.Running {
		t.Errorf("searching %d, starting %d, %+v", p.searching, p.starting, s)
	}
	if s.Queued > 0 && s.Running < s.MaxWorkers {
		t.Errorf("jobs wait though there could be workers: %+v", s)
	}
	if s.Waiting > 0 && p.free > 0 {
		t.Errorf("submitters wait though %d places are free", p.free)
	}
	return s
}

func TestThreadPoolIsAnExecutor(*testing.T) {
	var _ Executor = (*ThreadPool)(nil)
}

func TestThreadPoolDefaults(t *testing.T) {
	for _, n := range []int{0, -1} {
		s := NewThreadPool(n).Stats()
		if want := min(32, runtime.GOMAXPROCS(0)+4); s.MaxWorkers != want || s.QueueLength != DefaultPoolQueueLength {
			t.Errorf("NewThreadPool(%d): %+v", n, s)
		}
	}
	huge := int(^uint(0) >> 1)
	if s := NewThreadPool(huge, PoolQueueLength(huge)).Stats(); s.MaxWorkers+s.QueueLength <= 0 {
		t.Errorf("huge pool: %+v", s)
	}
	if s := NewThreadPool(1, PoolQueueLength(-5)).Stats(); s.QueueLength != 0 {
		t.Errorf("PoolQueueLength(-5): %+v", s)
	}
}

func TestThreadPoolBoundsWorkersAndQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewThreadPool(2, PoolQueueLength(3))
		gate := make(chan struct{})
		var jobs []*poolTestJob
		for range 5 {
			jobs = append(jobs, poolTestSubmit(t, p, func() { <-gate }))
		}
		refused := new(poolTestJob)
		if err := p.SubmitNoWait(refused); err != ErrQueueFull {
			t.Errorf("sixth job: %v, want ErrQueueFull", err)
		}
		for done := range 6 {
			s := poolTestQuiet(t, p)
			if running := min(2, 5-done); s.Running != running || s.Queued != 5-done-running || s.Workers != 2 {
				t.Errorf("after %d jobs: %+v", done, s)
			}
			if done < 5 {
				gate <- struct{}{}
			}
		}
		poolTestShutdown(t, p)
		for i, job := range jobs {
			if job.ran != 1 || job.dropped != nil {
				t.Errorf("job %d: ran %d times, dropped %v", i, job.ran, job.dropped)
			}
		}
		if refused.ran != 0 || refused.dropped != nil {
			t.Errorf("the refused job was called: %+v", refused)
		}
	})
}

// On one core a submitter does not fill the queue before a worker runs.
func TestThreadPoolRunsBetweenSubmits(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	p := NewThreadPool(4)
	most := 0
	for range 20 * poolBurst {
		poolTestSubmit(t, p, nil)
		most = max(most, p.Stats().Queued)
	}
	if most > 4*poolBurst {
		t.Errorf("%d jobs waited at a time, want about %d", most, poolBurst)
	}
	poolTestShutdown(t, p)
}

func TestThreadPoolWithoutQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewThreadPool(1, PoolQueueLength(0))
		gate := make(chan struct{})
		for range 3 {
			poolTestSubmit(t, p, func() { <-gate })
			if err := p.SubmitNoWait(new(poolTestJob)); err != ErrQueueFull {
				t.Errorf("got %v, want ErrQueueFull", err)
			}
			gate <- struct{}{}
			synctest.Wait()
		}
		poolTestShutdown(t, p)
	})
}

func TestThreadPoolStartsInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewThreadPool(1)
		var order []int
		for i := range 1000 {
			poolTestSubmit(t, p, func() { order = append(order, i) })
		}
		poolTestShutdown(t, p)
		if len(order) != 1000 || !slices.IsSorted(order) {
			t.Errorf("started in order %v", order)
		}
	})
}

func TestThreadPoolStartsWorkersForBlockingJobs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewThreadPool(10)
		meet := make(chan struct{})
		for n := 1; n <= 10; n++ {
			poolTestSubmit(t, p, func() { <-meet })
			if s := poolTestQuiet(t, p); s.Running != n {
				t.Errorf("%d jobs: %+v", n, s)
			}
		}
		close(meet)
		if s := poolTestQuiet(t, p); s.Idle != 10 {
			t.Errorf("at the end: %+v", s)
		}
		// Sleeping workers must all be woken again by a burst.
		meet = make(chan struct{})
		for range 10 {
			poolTestSubmit(t, p, func() { <-meet })
		}
		if s := poolTestQuiet(t, p); s.Running != 10 {
			t.Errorf("second burst: %+v", s)
		}
		close(meet)
		poolTestShutdown(t, p)
	})
}

func TestThreadPoolReusesWorkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewThreadPool(8)
		for range 100 {
			poolTestSubmit(t, p, nil)
			if s := poolTestQuiet(t, p); s.Workers != 1 {
				t.Fatalf("one job at a time: %+v", s)
			}
		}
		poolTestShutdown(t, p)
	})
}

func TestThreadPoolRetiresIdleWorkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewThreadPool(3, PoolIdleTimeout(time.Minute))
		gate := make(chan struct{})
		for range 3 {
			poolTestSubmit(t, p, func() { <-gate })
		}
		close(gate)
		for second := range 180 {
			// One worker goes on being used: it is always the same, so the other two retire.
			poolTestSubmit(t, p, nil)
			s := poolTestQuiet(t, p)
			if second < 60 && s.Workers != 3 || second > 120 && s.Workers != 1 {
				t.Errorf("after %d s: %+v", second, s)
			}
			<-time.After(time.Second)
		}
		<-time.After(2 * time.Minute)
		if s := poolTestQuiet(t, p); s.Workers != 0 {
			t.Errorf("after all: %+v", s)
		}
		poolTestSubmit(t, p, nil)
		if s := poolTestQuiet(t, p); s.Workers != 1 {
			t.Errorf("a new start: %+v", s)
		}
		// Without Shutdown: the last worker must retire, or the bubble panics.
		<-time.After(2 * time.Minute)
	})
}

func TestThreadPoolJobWhileLastWorkerRetires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewThreadPool(1)
		poolTestSubmit(t, p, nil)
		synctest.Wait()
		p.mu.Lock()
		retired := p.retire(1)
		p.mu.Unlock()
		job := poolTestSubmit(t, p, nil)
		retired[0].launch(p)
		if s := poolTestQuiet(t, p); job.ran != 1 || s.Idle != 1 {
			t.Errorf("ran %d times, %+v", job.ran, s)
		}
		poolTestShutdown(t, p)
	})
}

func TestThreadPoolKeepsWorkersWithoutIdleTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewThreadPool(1, PoolIdleTimeout(0))
		poolTestSubmit(t, p, nil)
		<-time.After(1000 * time.Hour)
		if s := poolTestQuiet(t, p); s.Idle != 1 {
			t.Errorf("%+v", s)
		}
		poolTestShutdown(t, p)
	})
}

func TestThreadPoolSweepAfterShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewThreadPool(1)
		poolTestSubmit(t, p, nil)
		synctest.Wait()
		poolTestShutdown(t, p)
		p.sweep() // the timer may have fired while Shutdown held the lock
		if p.sweeping && p.sweeper.Stop() {
			t.Error("the timer runs on")
		}
	})
}

func TestThreadPoolAllocatesNothingPerJob(t *testing.T) {
	p := NewThreadPool(2)
	job := new(poolCountJob)
	var want int64
	allocs := testing.AllocsPerRun(100, func() {
		for range 20 {
			want++
			if err := p.SubmitNoWait(job); err != nil {
				t.Fatal(err)
			}
		}
		for job.done.Load() < want {
			runtime.Gosched()
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
	poolTestShutdown(t, p)
}
