package main

import (
	"errors"
	"testing"
	"time"
)

func TestTimedDividesTheLongRun(t *testing.T) {
	var counts []int
	sample, err := timed(func(n int) (time.Duration, error) {
		counts = append(counts, n)
		return time.Duration(n) * 50 * time.Nanosecond, nil
	})()
	if err != nil || sample.Value != 50 {
		t.Errorf("value %v, error %v; want 50", sample.Value, err)
	}
	if last := counts[len(counts)-1]; time.Duration(last)*50 < window || len(counts) > 6 {
		t.Errorf("calibrated through %v", counts)
	}
}

// A stall makes one short run look long enough; the value must not be the stalled run's.
func TestTimedOutlastsAStall(t *testing.T) {
	stalled := false
	sample, err := timed(func(n int) (time.Duration, error) {
		elapsed := time.Duration(n) * 50 * time.Nanosecond
		if n >= 10_000 && !stalled {
			stalled = true
			elapsed += 2 * window
		}
		return elapsed, nil
	})()
	if err != nil || sample.Value != 50 || !stalled {
		t.Errorf("value %v, error %v, stalled %v; want 50", sample.Value, err, stalled)
	}
}

func TestTimedEndsWithoutTime(t *testing.T) {
	if _, err := timed(func(int) (time.Duration, error) { return 0, nil })(); err == nil {
		t.Error("an operation of no time was measured")
	}
}

func TestTimedPassesErrorsOn(t *testing.T) {
	broken := errors.New("broken")
	if _, err := timed(func(int) (time.Duration, error) { return 0, broken })(); !errors.Is(err, broken) {
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
