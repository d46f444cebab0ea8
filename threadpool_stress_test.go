package aio

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
)

type poolStressJob struct {
	kind         uint
	ran, dropped atomic.Int32
}

func (j *poolStressJob) Run() {
	j.ran.Add(1)
	switch j.kind % 200 {
	case 0:
		panic("stress")
	case 1:
		runtime.Goexit()
	case 2:
		runtime.Gosched()
	}
}

func (j *poolStressJob) Drop(error) { j.dropped.Add(1) }

// Whatever happens at the same time, an accepted job is run or dropped once, a refused one neither, and every place
// comes back.
func TestThreadPoolStress(t *testing.T) {
	const submitters, each = 50, 2000
	var panics atomic.Int64
	p := NewThreadPool(4, PoolQueueLength(16), PoolPanicHandler(func(*PanicError) { panics.Add(1) }))
	jobs := make([]poolStressJob, submitters*each)
	refused := make([]bool, len(jobs))
	var group sync.WaitGroup
	for s := range submitters {
		group.Go(func() {
			random := rand.New(rand.NewPCG(1, uint64(s)))
			for i := s * each; i < (s+1)*each; i++ {
				jobs[i].kind = uint(random.Uint32())
				var err error
				switch random.IntN(8) {
				case 0:
					err = p.SubmitNoWait(&jobs[i])
				case 1:
					ctx, cancel := context.WithCancel(t.Context())
					go cancel()
					err = p.Submit(ctx, &jobs[i])
					cancel()
				case 2:
					var place poolPlace
					reserved := make(chan struct{})
					if p.reserve(&place, func() { close(reserved) }) || random.IntN(2) == 0 {
						p.release(&place)
					} else {
						<-reserved
						p.release(&place)
					}
					refused[i] = true
				default:
					err = p.Submit(t.Context(), &jobs[i])
				}
				switch {
				case err == ErrQueueFull, err == ErrShutdown, errors.Is(err, context.Canceled):
					refused[i] = true
				case err != nil:
					t.Error(err)
				}
				if i == len(jobs)-each/8 {
					go p.Shutdown(t.Context(), true)
				}
			}
		})
	}
	group.Wait()
	poolTestShutdown(t, p)
	var ran, dropped int32
	for i := range jobs {
		calls := jobs[i].ran.Load() + jobs[i].dropped.Load()
		if refused[i] && calls != 0 || !refused[i] && calls != 1 {
			t.Fatalf("job %d: refused %t, ran %d, dropped %d", i, refused[i], jobs[i].ran.Load(), jobs[i].dropped.Load())
		}
		ran += jobs[i].ran.Load()
		dropped += jobs[i].dropped.Load()
	}
	t.Logf("%d jobs ran, %d were dropped, %d panicked", ran, dropped, panics.Load())
}

func TestThreadPoolManyJobs(t *testing.T) {
	const submitters, each = 50, 2000
	p := NewThreadPool(0)
	job := new(poolCountJob)
	var group sync.WaitGroup
	for range submitters {
		group.Go(func() {
			for range each {
				if err := p.Submit(t.Context(), job); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	poolTestShutdown(t, p)
	if n := job.done.Load(); n != submitters*each {
		t.Errorf("%d jobs ran, want %d", n, submitters*each)
	}
	if want := p.limit + p.queueLength; p.free != want {
		t.Errorf("%d places are free, want %d", p.free, want)
	}
}
