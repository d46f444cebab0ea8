package main

import (
	"iter"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// all names the cases that are measured.
func (m goMeasurements) all() iter.Seq[string] {
	return slices.Values(slices.Concat(slices.Collect(maps.Keys(m.timed)), slices.Collect(maps.Keys(m.once))))
}

func microCases() []string {
	var names []string
	for _, c := range microSuite().Cases {
		names = append(names, c.Name)
	}
	return names
}

func TestGoSubjectsMeasureKnownCases(t *testing.T) {
	cases := microCases()
	for _, subject := range microSuite().Subjects {
		for name := range subject.Go.all() {
			if !slices.Contains(cases, name) {
				t.Errorf("%s measures %q, which is no case", subject.Name, name)
			}
		}
	}
	if got := slices.Sorted(goroutineMeasurements().all()); !slices.Equal(got, slices.Sorted(slices.Values(cases))) {
		t.Errorf("goroutines measure %q, want %q", got, cases)
	}
}

// Each must end, and leave no goroutine for TestMain to find.
func TestGoroutineCasesEnd(t *testing.T) {
	for name, run := range map[string]func(int) (time.Duration, error){
		"call_soon":       goroutineCallSoon,
		"yield":           goroutineYield,
		"spawn":           goroutineSpawn,
		"queue_pingpong":  goroutinePingPong,
		"mutex":           goroutineMutex,
		"future":          goroutineFuture,
		"blocking_serial": func(n int) (time.Duration, error) { return goroutineBlocking(n, 1) },
		"blocking_64":     func(n int) (time.Duration, error) { return goroutineBlocking(n, blockingTasks) },
	} {
		for _, n := range []int{1, 2, 99, 10_001} {
			if _, err := run(n); err != nil {
				t.Errorf("%s, %d times: %v", name, n, err)
			}
		}
	}
}

// Each subject takes a short turn at every case.
func TestMicroSubjectsTakeTurns(t *testing.T) {
	for _, subject := range microSuite().Subjects {
		t.Run(subject.Name, func(t *testing.T) {
			if _, err := subject.Find(t.Context()); err != nil {
				t.Skip(err)
			}
			for _, c := range microSuite().Cases {
				if c.Needs != nil && c.Needs() != nil || subject.Go.once[c.Name] != nil { // a million sleepers are too many here
					continue
				}
				c.Turn = min(c.Turn, time.Millisecond)
				r := round{c: c, laps: 2, order: rand.New(rand.NewPCG(1, 1))}
				if err := r.run(t.Context(), []Subject{subject}); err != nil {
					t.Errorf("%s: %v", c.Name, err)
				}
				for _, l := range r.found {
					if value := l.samples[subject.Name].Value; !(value > 0) {
						t.Errorf("%s: value %v", c.Name, value)
					}
				}
			}
		})
	}
}
