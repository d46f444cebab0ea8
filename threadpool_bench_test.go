package aio

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
)

type poolCountJob struct{ done atomic.Int64 }

func (j *poolCountJob) Run()       { j.done.Add(1) }
func (j *poolCountJob) Drop(error) {}

// The submitter does as a loop does that has jobs out: it lets other goroutines run and looks again.
func BenchmarkThreadPool(b *testing.B) {
	for _, inFlight := range []int{1, 64} {
		b.Run(fmt.Sprintf("inflight=%d", inFlight), func(b *testing.B) {
			pool := NewThreadPool(0)
			defer pool.Shutdown(b.Context(), false)
			job := new(poolCountJob)
			b.ReportAllocs()
			for i := 0; i < b.N; i += inFlight {
				for range inFlight {
					if err := pool.SubmitNoWait(job); err != nil {
						b.Fatal(err)
					}
				}
				for job.done.Load() < int64(i+inFlight) {
					runtime.Gosched()
				}
			}
		})
	}
}
