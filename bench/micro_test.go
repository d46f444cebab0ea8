package main

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

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
		for name := range subject.Measurements {
			if !slices.Contains(cases, name) {
				t.Errorf("%s measures %q, which is no case", subject.Name, name)
			}
		}
	}
	if got := slices.Sorted(maps.Keys(goroutineMeasurements())); !slices.Equal(got, slices.Sorted(slices.Values(cases))) {
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

func TestGoSubjectStartsThisBinaryAgain(t *testing.T) {
	samples, err := goSubject("micro", "goroutines", goroutineMeasurements()).Round(t.Context(), []string{"mutex"})
	if err != nil || len(samples) != 1 || samples[0].Case != "mutex" {
		t.Errorf("samples %v, error %v", samples, err)
	}
}

func TestPythonScriptMeasuresEveryCase(t *testing.T) {
	for _, loop := range []string{"asyncio", "uvloop"} {
		t.Run(loop, func(t *testing.T) {
			python, _, err := findPython(t.Context(), loop)
			if err != nil {
				t.Skip(err)
			}
			cases := microCases()
			if needsResidentMemory() != nil {
				cases = slices.DeleteFunc(cases, func(c string) bool { return c == "sleepers" })
			}
			samples, err := runProcess(t.Context(), cases, strings.NewReader(microScript),
				python, "-", loop, "0.001", strings.Join(cases, ","))
			if err != nil || len(samples) != len(cases) {
				t.Errorf("samples %v, error %v", samples, err)
			}
		})
	}
}

func TestRunProcessReportsStandardError(t *testing.T) {
	python, _, err := findPython(t.Context(), "asyncio")
	if err != nil {
		t.Skip(err)
	}
	_, err = runProcess(t.Context(), []string{"none"}, strings.NewReader(microScript), python, "-", "asyncio", "0.001", "none")
	if err == nil || !strings.Contains(err.Error(), "KeyError") {
		t.Errorf("error %v, want Python's KeyError", err)
	}
}
