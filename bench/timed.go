package main

import (
	"errors"
	"runtime"
	"time"
)

// window is how long a timed case runs at least, long enough for
// many collections and scheduler ticks to average out.
const window = 200 * time.Millisecond

// mostOperations ends the calibration of an operation that takes no time.
const mostOperations = 1 << 40

// timed measures nanoseconds for one operation. run does exactly n operations and returns the time they
// took, without its setup. The short runs that find n also warm it up. The run that first lasts the window
// is not the sample: a short run that the system stalled would pass for it. The next one of the same n is.
func timed(run func(n int) (time.Duration, error)) Measurement {
	return func() (Sample, error) {
		found := false
		for n := 1; ; {
			runtime.GC()
			elapsed, err := run(n)
			if err != nil {
				return Sample{}, err
			}
			if found && elapsed >= window/2 {
				return Sample{Value: float64(elapsed.Nanoseconds()) / float64(n)}, nil
			}
			if found = elapsed >= window; found {
				continue
			}
			if n >= mostOperations {
				return Sample{}, errors.New("the operation takes no time")
			}
			n = moreOperations(n, elapsed)
		}
	}
}

// moreOperations aims a quarter past the window, so that the next run usually reaches it,
// and grows at most a hundredfold, because the first runs are cold and short.
func moreOperations(n int, elapsed time.Duration) int {
	most := 100 * n
	if elapsed <= 0 {
		return most
	}
	target := float64(n) * 1.25 * float64(window) / float64(elapsed)
	return max(n+1, int(min(target, float64(most))))
}

// share returns how many of n operations the i-th of workers does.
func share(n, i, workers int) int {
	if i < n%workers {
		return n/workers + 1
	}
	return n / workers
}
