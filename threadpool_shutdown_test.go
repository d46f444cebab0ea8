package aio

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestThreadPoolShutdownUnused(t *testing.T) {
	p := NewThreadPool(1)
	poolTestShutdown(t, p)
	poolTestShutdown(t, p)
	if err := p.SubmitNoWait(new(poolTestJob)); err != ErrShutdown {
		t.Errorf("SubmitNoWait: %v, want ErrShutdown", err)
	}
	if err := p.Submit(t.Context(), new(poolTestJob)); err != ErrShutdown {
		t.Errorf("Submit: %v, want ErrShutdown", err)
	}
	var place poolPlace
	if !p.reserve(&place, nil) {
		t.Error("reserve would wait")
	}
	if err := p.submitReserved(&place, new(poolTestJob), 0); err != ErrShutdown {
		t.Errorf("submitReserved: %v, want ErrShutdown", err)
	}
}

func TestThreadPoolShutdownRunsPending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewThreadPool(2)
		gate := make(chan struct{})
		var jobs []*poolTestJob
		for range 10 {
			jobs = append(jobs, poolTestSubmit(t, p, func() { <-gate }))
		}
		ended := make(chan error, 3)
		for range 3 {
			go func() { ended <- p.Shutdown(t.Context(), false) }()
		}
		synctest.Wait()
		if len(ended) != 0 {
			t.Error("Shutdown did not wait")
		}
		if err := p.SubmitNoWait(new(poolTestJob)); err != ErrShutdown {
			t.Errorf("got %v, want ErrShutdown", err)
		}
		close(gate)
		for range 3 {
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
		for i, job := range jobs {
			if job.ran != 1 || job.dropped != nil {
				t.Errorf("job %d: ran %d times, dropped %v", i, job.ran, job.dropped)
			}
		}
		poolTestShutdown(t, p)
	})
}

func TestThreadPoolShutdownCancelsPending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewThreadPool(2, PoolQueueLength(3))
		gate := make(chan struct{})
		var jobs []*poolTestJob
		for range 5 {
			jobs = append(jobs, poolTestSubmit(t, p, func() { <-gate }))
		}
		waiting := make(chan error, 1)
		go func() { waiting <- p.Submit(t.Context(), new(poolTestJob)) }()
		synctest.Wait()

		ended := make(chan error, 2)
		go func() { ended <- p.Shutdown(t.Context(), false) }()
		synctest.Wait()
		if err := <-waiting; err != ErrShutdown {
			t.Errorf("a waiting submitter got %v, want ErrShutdown", err)
		}
		go func() { ended <- p.Shutdown(t.Context(), true) }()
		synctest.Wait()
		for i, job := range jobs[2:] {
			if job.ran != 0 || len(job.dropped) != 1 || job.dropped[0] != ErrShutdown {
				t.Errorf("pending job %d: %+v", i, job)
			}
		}
		if len(ended) != 0 {
			t.Error("Shutdown did not wait for running jobs")
		}
		close(gate)
		if err := errors.Join(<-ended, <-ended); err != nil {
			t.Error(err)
		}
		for i, job := range jobs[:2] {
			if job.ran != 1 || job.dropped != nil {
				t.Errorf("running job %d: %+v", i, job)
			}
		}
		poolTestShutdown(t, p)
	})
}

func TestThreadPoolShutdownDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewThreadPool(2, PoolName("disk"))
		gate := make(chan struct{})
		for range 5 {
			poolTestSubmit(t, p, func() { <-gate })
		}
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := p.Shutdown(ctx, false)
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), `"disk": 2 jobs still running, 3 queued`) {
			t.Errorf("got %v", err)
		}
		close(gate)
		poolTestShutdown(t, p)
		if err := p.Shutdown(ctx, false); err != nil {
			t.Errorf("nothing runs any more, but Shutdown returned %v", err)
		}
	})
}

func TestThreadPoolHeldPlaceIsRefusedAfterShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, free := poolTestFull(t)
		var held, waiting poolPlace
		woken := 0
		p.reserve(&held, func() { woken++ })
		free()
		p.reserve(&waiting, func() { woken++ })
		poolTestShutdown(t, p)
		if woken != 2 {
			t.Errorf("%d were woken, want 2", woken)
		}
		for _, place := range []*poolPlace{&held, &waiting} {
			if err := p.submitReserved(place, new(poolTestJob), 0); err != ErrShutdown {
				t.Errorf("got %v, want ErrShutdown", err)
			}
			p.release(place)
		}
	})
}
