package main

import (
	"errors"
	"time"
)

// mostOperations ends the calibration of an operation that takes no time.
const mostOperations = 1 << 40

// calibrate finds how many operations last a turn, or a little longer. The short runs that find it also warm up. The
// run that first lasts the turn does not decide: one that the system stalled would pass for it. The next one of as many does.
func calibrate(turn time.Duration, run func(n int) (time.Duration, error)) (int, error) {
	found := false
	for n := 1; ; {
		elapsed, err := run(n)
		if err != nil {
			return 0, err
		}
		if found && elapsed >= turn/2 {
			return n, nil
		}
		if found = elapsed >= turn; found {
			continue
		}
		if n >= mostOperations {
			return 0, errors.New("the operation takes no time")
		}
		n = moreOperations(n, elapsed, turn)
	}
}

// moreOperations aims a quarter past the turn, so that the next run usually reaches it,
// and grows at most a hundredfold, because the first runs are cold and short.
func moreOperations(n int, elapsed, turn time.Duration) int {
	most := 100 * n
	if elapsed <= 0 {
		return most
	}
	target := float64(n) * 1.25 * float64(turn) / float64(elapsed)
	return max(n+1, int(min(target, float64(most))))
}

// share returns how many of n operations the i-th of workers does.
func share(n, i, workers int) int {
	if i < n%workers {
		return n/workers + 1
	}
	return n / workers
}
