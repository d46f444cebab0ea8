package aio

import (
	"errors"
	"io"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
)

func TestThreadPoolSurvivesPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var reported []*PanicError
		p := NewThreadPool(1, PoolPanicHandler(func(err *PanicError) { reported = append(reported, err) }))
		for range 3 {
			poolTestSubmit(t, p, func() { panic(io.EOF) })
		}
		last := poolTestSubmit(t, p, nil)
		if s := poolTestQuiet(t, p); last.ran != 1 || s.Workers != 1 || p.free != 1+DefaultPoolQueueLength {
			t.Errorf("last job ran %d times: %+v, free %d", last.ran, s, p.free)
		}
		if len(reported) != 3 || !errors.Is(reported[0], io.EOF) || !strings.Contains(reported[0].Error(), "TestThreadPoolSurvivesPanic") {
			t.Errorf("reported: %v", reported)
		}
		poolTestShutdown(t, p)
	})
}

func TestThreadPoolReportsNilJob(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reported := 0
		p := NewThreadPool(1, PoolPanicHandler(func(*PanicError) { reported++ }))
		if err := p.SubmitNoWait(nil); err != nil {
			t.Error(err)
		}
		poolTestQuiet(t, p)
		if reported != 1 {
			t.Errorf("reported %d panics, want 1", reported)
		}
		poolTestShutdown(t, p)
	})
}

type poolPanickyJob struct{ poolTestJob }

func (j *poolPanickyJob) Drop(error) { panic("dropped") }

func TestThreadPoolSurvivesPanicInDrop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reported := 0
		p := NewThreadPool(1, PoolPanicHandler(func(*PanicError) { reported++ }))
		gate := make(chan struct{})
		poolTestSubmit(t, p, func() { <-gate })
		synctest.Wait()
		if err := p.SubmitNoWait(new(poolPanickyJob)); err != nil {
			t.Error(err)
		}
		after := poolTestSubmit(t, p, nil)
		p.stop(ErrShutdown, true)
		if reported != 1 || len(after.dropped) != 1 {
			t.Errorf("reported %d panics, next job dropped with %v", reported, after.dropped)
		}
		close(gate)
		poolTestShutdown(t, p)
	})
}

func TestThreadPoolReplacesWorkerAfterGoexit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewThreadPool(1)
		for range 3 {
			poolTestSubmit(t, p, runtime.Goexit)
		}
		last := poolTestSubmit(t, p, nil)
		if s := poolTestQuiet(t, p); last.ran != 1 || s.Workers != 1 || p.free != 1+DefaultPoolQueueLength {
			t.Errorf("last job ran %d times: %+v, free %d", last.ran, s, p.free)
		}
		poolTestShutdown(t, p)
	})
}

func TestThreadPoolGoexitAfterShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, free := poolTestFull(t)
		free()
		gate := make(chan struct{})
		poolTestSubmit(t, p, func() { <-gate; runtime.Goexit() })
		synctest.Wait()
		p.stop(ErrShutdown, false)
		close(gate)
		poolTestShutdown(t, p)
	})
}

func TestThreadPoolInitializerRunsOncePerWorker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var initialized atomic.Int64
		p := NewThreadPool(3, PoolInitializer(func() error { initialized.Add(1); return nil }))
		gate := make(chan struct{})
		for range 10 {
			poolTestSubmit(t, p, func() {
				if initialized.Load() == 0 {
					t.Error("a job ran first")
				}
				<-gate
			})
		}
		close(gate)
		poolTestSubmit(t, p, func() { panic("x") })
		poolTestQuiet(t, p)
		if n := initialized.Load(); n != 3 {
			t.Errorf("initialized %d times, want 3", n)
		}
		poolTestSubmit(t, p, runtime.Goexit)
		poolTestQuiet(t, p)
		poolTestShutdown(t, p)
	})
}

func TestThreadPoolSlowInitializerHoldsNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := make(chan struct{})
		var starts atomic.Int64
		p := NewThreadPool(3, PoolInitializer(func() error {
			if starts.Add(1) == 2 {
				<-slow
			}
			return nil
		}))
		gate := make(chan struct{})
		poolTestSubmit(t, p, func() { <-gate })
		synctest.Wait()
		job := poolTestSubmit(t, p, nil) // for this one the slow worker is started
		synctest.Wait()
		close(gate) // but the first worker comes free before that
		synctest.Wait()
		if job.ran != 1 {
			t.Error("the job waits for a worker that starts, though another is free")
		}
		job = poolTestSubmit(t, p, nil)
		synctest.Wait()
		if s := p.Stats(); job.ran != 1 || s.Workers != 2 {
			t.Errorf("the idle worker was not woken: %+v", s)
		}
		close(slow)
		poolTestQuiet(t, p)
		poolTestShutdown(t, p)
	})
}

func TestThreadPoolBrokenInitializer(t *testing.T) {
	for name, fail := range map[string]func() error{
		"error":  func() error { return io.ErrNoProgress },
		"panic":  func() error { panic(io.ErrNoProgress) },
		"Goexit": func() error { runtime.Goexit(); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var starts atomic.Int64
				p := NewThreadPool(2, PoolQueueLength(2), PoolInitializer(func() error {
					if starts.Add(1) == 1 {
						return nil
					}
					return fail()
				}))
				gate := make(chan struct{})
				running := poolTestSubmit(t, p, func() { <-gate })
				synctest.Wait()

				p.mu.Lock() // lets four submitters arrive before the second worker fails
				jobs := make([]poolTestJob, 4)
				errs := make(chan error, len(jobs))
				for i := range jobs {
					go func() { errs <- p.Submit(t.Context(), &jobs[i]) }()
				}
				p.mu.Unlock()
				synctest.Wait()

				check := func(err error) {
					t.Helper()
					if !errors.Is(err, ErrBroken) || name != "Goexit" && !errors.Is(err, io.ErrNoProgress) {
						t.Errorf("got %v, want ErrBroken and its cause", err)
					}
				}
				accepted, dropped := 0, 0
				for range jobs {
					if err := <-errs; err == nil {
						accepted++
					} else {
						check(err)
					}
				}
				for i := range jobs {
					if jobs[i].ran != 0 {
						t.Errorf("job %d ran", i)
					}
					for _, err := range jobs[i].dropped {
						dropped++
						check(err)
					}
				}
				if accepted == 0 || dropped != accepted {
					t.Errorf("%d jobs were accepted and %d dropped", accepted, dropped)
				}
				check(p.SubmitNoWait(new(poolTestJob)))
				close(gate)
				poolTestShutdown(t, p)
				if running.ran != 1 || running.dropped != nil {
					t.Errorf("the running job: %+v", running)
				}
				check(p.SubmitNoWait(new(poolTestJob)))
			})
		})
	}
}
