package aio

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
)

// poolTestFull returns a pool of one worker and no queue, whose worker is busy until free is called; each call frees
// the place once.
func poolTestFull(t *testing.T) (p *ThreadPool, free func()) {
	p = NewThreadPool(1, PoolQueueLength(0))
	gate := make(chan struct{})
	poolTestSubmit(t, p, func() { <-gate })
	synctest.Wait()
	return p, func() { close(gate); synctest.Wait() }
}

func TestThreadPoolServesSubmittersInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, free := poolTestFull(t)
		var order []int
		for i := range 20 {
			go func() {
				if err := p.Submit(t.Context(), &poolTestJob{run: func() { order = append(order, i) }}); err != nil {
					t.Error(err)
				}
			}()
			if s := poolTestQuiet(t, p); s.Waiting != i+1 {
				t.Fatalf("%d submitters wait: %+v", i+1, s)
			}
		}
		free()
		poolTestShutdown(t, p)
		if len(order) != 20 || !slices.IsSorted(order) {
			t.Errorf("served in order %v", order)
		}
	})
}

func TestThreadPoolPlaceIsNotStolen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, free := poolTestFull(t)
		var place poolPlace
		woken := 0
		if p.reserve(&place, func() { woken++ }) {
			t.Fatal("a full pool had a place")
		}
		if err := p.submitReserved(&place, new(poolTestJob), 0); err != ErrQueueFull {
			t.Errorf("too early: %v, want ErrQueueFull", err)
		}
		free()
		if woken != 1 {
			t.Errorf("woken %d times", woken)
		}
		if err := p.SubmitNoWait(new(poolTestJob)); err != ErrQueueFull {
			t.Errorf("a passer-by got %v, want ErrQueueFull", err)
		}
		job := new(poolTestJob)
		if err := p.submitReserved(&place, job, 0); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if job.ran != 1 {
			t.Errorf("ran %d times", job.ran)
		}
		p.release(&place) // it is spent: there must be no second place
		if p.free != 1 {
			t.Errorf("%d places are free, want 1", p.free)
		}
		if !p.reserve(&place, nil) {
			t.Error("a free place was not given at once")
		}
		p.release(&place)
		if p.free != 1 {
			t.Errorf("%d places are free, want 1", p.free)
		}
		poolTestShutdown(t, p)
	})
}

func TestThreadPoolReleasedPlaceIsHandedOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, free := poolTestFull(t)
		var places [4]poolPlace
		var woken []int
		for i := range places {
			p.reserve(&places[i], func() { woken = append(woken, i) })
		}
		p.release(&places[1]) // leaves from the middle
		free()
		p.release(&places[0]) // had its place already
		p.release(&places[0])
		if !slices.Equal(woken, []int{0, 2}) {
			t.Errorf("woken: %v, want 0 and 2", woken)
		}
		p.release(&places[3]) // leaves from the end
		p.release(&places[2])
		if !slices.Equal(woken, []int{0, 2}) || p.free != 1 || p.line != (poolLine{}) {
			t.Errorf("woken: %v, free: %d, line: %+v", woken, p.free, p.line)
		}
		poolTestShutdown(t, p)
	})
}

func TestThreadPoolSubmitCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, free := poolTestFull(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancelled, next := new(poolTestJob), new(poolTestJob)
		result := make(chan error, 1)
		go func() { result <- p.Submit(ctx, cancelled) }()
		synctest.Wait()
		go func() {
			if err := p.Submit(t.Context(), next); err != nil {
				t.Error(err)
			}
		}()
		synctest.Wait()
		cancel()
		if err := <-result; !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want context.Canceled", err)
		}
		free()
		if cancelled.ran != 0 || cancelled.dropped != nil || next.ran != 1 {
			t.Errorf("cancelled job: %+v, next job ran %d times", cancelled, next.ran)
		}
		// A place that is there wins over a context that has ended.
		if err := p.Submit(ctx, cancelled); err != nil {
			t.Error(err)
		}
		poolTestShutdown(t, p)
	})
}

func TestThreadPoolWakeMaySubmit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, free := poolTestFull(t)
		var place poolPlace
		job := new(poolTestJob)
		p.reserve(&place, func() {
			if err := p.submitReserved(&place, job, 0); err != nil {
				t.Error(err)
			}
		})
		free()
		if s := poolTestQuiet(t, p); job.ran != 1 || s.Workers != 1 {
			t.Errorf("ran %d times: %+v", job.ran, s)
		}
		poolTestShutdown(t, p)
	})
}
