package driver

import (
	"math"
	"sync"
	"testing"
	"time"
)

func TestSimulatedClockAdvancesByTheTimeout(t *testing.T) {
	d := NewSimulated()
	var want int64
	for _, timeout := range []time.Duration{1, time.Hour, 0, 365 * 24 * time.Hour} {
		wait(t, d, timeout, 0)
		want += int64(timeout)
		if d.Now() != want {
			t.Fatalf("the clock is at %d, not %d", d.Now(), want)
		}
	}
	wait(t, d, math.MaxInt64, 0)
	if d.Now() != math.MaxInt64 {
		t.Errorf("the clock is at %d, not at its end", d.Now())
	}
}

func TestSimulatedClockStandsWhileJobsAreOut(t *testing.T) {
	d := NewSimulated()
	var job sync.WaitGroup
	job.Go(d.Wake)
	wait(t, d, time.Hour, 1)
	job.Wait()
	if d.Now() != 0 {
		t.Errorf("the clock is at %d", d.Now())
	}
}

func TestSimulatedAdvanceWakes(t *testing.T) {
	d := NewSimulated()
	var kit sync.WaitGroup
	kit.Go(func() { d.Advance(time.Minute) })
	wait(t, d, -1, 0)
	kit.Wait()
	if d.Now() != int64(time.Minute) {
		t.Errorf("the clock is at %d", d.Now())
	}
	defer func() {
		if recover() == nil {
			t.Error("the clock went back")
		}
	}()
	d.Advance(-1)
}

func TestSimulatedRefusesDescriptors(t *testing.T) {
	d := NewSimulated()
	if err := d.Watch(0, Readable); err == nil {
		t.Error("it watches a descriptor")
	}
	if err := d.Watch(0, 0); err != nil {
		t.Error(err)
	}
}
