package main

import (
	"errors"
	"testing"
	"time"
)

func TestCalibrateReachesTheTurn(t *testing.T) {
	for _, each := range []time.Duration{1, 50 * time.Nanosecond, time.Millisecond, time.Hour} {
		var counts []int
		n, err := calibrate(50*time.Millisecond, func(n int) (time.Duration, error) {
			counts = append(counts, n)
			return time.Duration(n) * each, nil
		})
		if err != nil || time.Duration(n)*each < 50*time.Millisecond || n > 1 && time.Duration(n)*each > 70*time.Millisecond {
			t.Errorf("%d operations of %v, error %v", n, each, err)
		}
		if len(counts) > 8 {
			t.Errorf("calibrated through %v", counts)
		}
	}
}

// A stall makes one short run look long enough.
func TestCalibrateOutlastsAStall(t *testing.T) {
	const turn = 50 * time.Millisecond
	stalled := false
	n, err := calibrate(turn, func(n int) (time.Duration, error) {
		elapsed := time.Duration(n) * 50 * time.Nanosecond
		if n >= 10_000 && !stalled {
			stalled = true
			elapsed += 2 * turn
		}
		return elapsed, nil
	})
	if err != nil || time.Duration(n)*50 < turn || !stalled {
		t.Errorf("%d operations, error %v, stalled %v", n, err, stalled)
	}
}

func TestCalibrateEndsWithoutTime(t *testing.T) {
	if n, err := calibrate(time.Second, func(int) (time.Duration, error) { return 0, nil }); err == nil {
		t.Errorf("%d operations of no time", n)
	}
}

func TestCalibratePassesErrorsOn(t *testing.T) {
	broken := errors.New("broken")
	if _, err := calibrate(time.Second, func(int) (time.Duration, error) { return 0, broken }); !errors.Is(err, broken) {
		t.Errorf("error %v, want %v", err, broken)
	}
}

func TestShareSharesAll(t *testing.T) {
	for _, n := range []int{0, 1, 99, 100, 101, 12345} {
		sum := 0
		for i := range 100 {
			sum += share(n, i, 100)
		}
		if sum != n {
			t.Errorf("shares of %d add up to %d", n, sum)
		}
	}
}
