package executor

import (
	"math"
	"math/bits"
	"sync/atomic"
	"time"
)

// histogram counts durations by their size. It is safe from any goroutine.
type histogram struct {
	counts [histogramBuckets]atomic.Uint64
	sum    atomic.Int64
}

// histogramBuckets are powers of two of a microsecond, up to nine hours.
const histogramBuckets = 36

func (h *histogram) add(d time.Duration) {
	h.counts[bucketOf(d)].Add(1)
	h.sum.Add(int64(d))
}

func bucketOf(d time.Duration) int {
	return min(bits.Len64(uint64(max(d, 0)/time.Microsecond)), histogramBuckets-1)
}

func (h *histogram) snapshot() Histogram {
	var s Histogram
	if h == nil {
		return s
	}
	for i := range h.counts {
		s.Counts[i] = h.counts[i].Load()
		s.Count += s.Counts[i]
	}
	s.Sum = time.Duration(h.sum.Load())
	return s
}

// Histogram says how often durations came, by their size.
type Histogram struct {
	// Counts are the numbers of durations: Counts[0] of those under 1 µs,
	// Counts[i] of those from 2^(i-1) to under 2^i µs; the last one has no upper
	// bound.
	Counts [histogramBuckets]uint64
	Count  uint64        // of all
	Sum    time.Duration // of all
}

// Mean returns the mean duration, 0 for none.
func (h Histogram) Mean() time.Duration {
	if h.Count == 0 {
		return 0
	}
	return h.Sum / time.Duration(h.Count)
}

// Quantile returns a duration that a share q, from 0 to 1, of all does not
// exceed: the upper bound of a bucket, at most twice the true value.
func (h Histogram) Quantile(q float64) time.Duration {
	rank := uint64(math.Ceil(min(max(q, 0), 1) * float64(h.Count)))
	var seen uint64
	for i, n := range h.Counts {
		if seen += n; seen >= rank && n > 0 {
			return time.Microsecond << i
		}
	}
	return 0
}
