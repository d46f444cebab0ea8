package main

import (
	"context"
	"errors"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
)

func turnsSuite(log *[]string, cases ...Case) Suite {
	suite := Suite{Name: "turns", Cases: cases}
	for i, name := range []string{ours, "second", "third", "fourth"} {
		suite.Subjects = append(suite.Subjects, fixedSubject(name, float64(i+1), log))
	}
	return suite
}

var inTurns = Case{Name: "in turns", Unit: "ns", Turn: time.Millisecond}

// Every lap has each subject once; all are started before the first and stopped after the last; each is first, and each
// comes right after each other, about as often.
func TestTurnsAlternateInRandomOrder(t *testing.T) {
	var log []string
	const rounds, laps, seed = 3, 200, 11
	figures, err := collect(t.Context(), turnsSuite(&log, inTurns), schedule{rounds: rounds, laps: laps, seed: seed}, io.Discard)
	if err != nil || len(figures) != 4 {
		t.Fatalf("%d figures, error %v", len(figures), err)
	}
	want := []string{ours, "fourth", "second", "third"}
	first, after := map[string]int{}, map[[2]string]int{}
	for range rounds {
		for i, verb := range []string{"start ", "", "stop "} {
			for range []int{1, laps, 1}[i] {
				lap := log[:4]
				log = log[4:]
				var names []string
				for _, entry := range lap {
					name, ok := strings.CutPrefix(entry, verb)
					if !ok {
						t.Fatalf("%q, want %q", lap, verb)
					}
					names = append(names, name)
				}
				if verb == "" {
					first[names[0]]++
					for i, name := range names[1:] {
						after[[2]string{names[i], name}]++
					}
				}
				if slices.Sort(names); !slices.Equal(names, want) {
					t.Fatalf("lap of %q", names)
				}
			}
		}
	}
	if len(log) > 0 {
		t.Errorf("then %q", log)
	}
	for _, counts := range []int{len(first), len(after) / 3} {
		if counts != 4 {
			t.Errorf("first %v, after each other %v", first, after)
		}
	}
	for name, n := range first { // of 600 laps, a quarter
		if n < 120 || n > 180 {
			t.Errorf("%s is first in %d laps (seed %d)", name, n, seed)
		}
	}
	for pair, n := range after { // of 1,800 successions, a twelfth
		if n < 110 || n > 190 {
			t.Errorf("%v %d times (seed %d)", pair, n, seed)
		}
	}
}

func TestSeedRepeatsTheOrder(t *testing.T) {
	var logs [3][]string
	for i, seed := range []uint64{4, 4, 5} {
		if _, err := collect(t.Context(), turnsSuite(&logs[i], inTurns), schedule{rounds: 3, laps: 5, seed: seed}, io.Discard); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(logs[0], logs[1]) || slices.Equal(logs[0], logs[2]) {
		t.Errorf("seeds 4, 4 and 5 ran\n%q\n%q\n%q", logs[0], logs[1], logs[2])
	}
}

func TestCaseWithoutTurnsHasOneLapARound(t *testing.T) {
	var log []string
	suite := turnsSuite(&log, Case{Name: "once", Unit: "B"})
	if _, err := collect(t.Context(), suite, schedule{rounds: 3, laps: 50, turn: time.Second}, io.Discard); err != nil {
		t.Fatal(err)
	}
	if len(log) != 3*3*4 {
		t.Errorf("ran %q", log)
	}
}

func TestTurnsLengthIsTheCasesUnlessGiven(t *testing.T) {
	for _, given := range []time.Duration{0, time.Hour} {
		suite := turnsSuite(new([]string), inTurns)
		suite.Subjects[0].Start = func(_ context.Context, c Case) (Contender, error) {
			if want := max(given, time.Millisecond); c.Turn != want {
				t.Errorf("turns of %v, want %v", c.Turn, want)
			}
			return nil, nil
		}
		figures, err := collect(t.Context(), suite, schedule{rounds: 3, laps: 1, turn: given}, io.Discard)
		if err != nil || len(figures) != 3 { // who has not got the case has no figure
			t.Errorf("figures %v, error %v", figures, err)
		}
	}
}

// Whoever fails, and when: the error names it, and nobody is left running.
func TestFailureStopsEverybody(t *testing.T) {
	refuses := func(context.Context, Case) (Contender, error) { return nil, errDied }
	for name, start := range map[string]func(log *[]string) func(context.Context, Case) (Contender, error){
		"refuses to start": func(*[]string) func(context.Context, Case) (Contender, error) { return refuses },
		"dies in its third turn": func(log *[]string) func(context.Context, Case) (Contender, error) {
			return func(context.Context, Case) (Contender, error) {
				*log = append(*log, "start third")
				return &fixedContender{name: "third", dies: 3, log: log}, nil
			}
		},
		"fails while it starts": func(log *[]string) func(context.Context, Case) (Contender, error) {
			return func(context.Context, Case) (Contender, error) {
				*log = append(*log, "start third")
				return &fixedContender{name: "third", log: log}, errDied
			}
		},
		"finds an impossible value": func(log *[]string) func(context.Context, Case) (Contender, error) {
			return func(context.Context, Case) (Contender, error) {
				*log = append(*log, "start third")
				return &fixedContender{name: "third", value: math.NaN(), log: log}, nil
			}
		},
		"dies while it finishes": func(log *[]string) func(context.Context, Case) (Contender, error) {
			return func(context.Context, Case) (Contender, error) {
				*log = append(*log, "start third")
				return diesAtTheEnd{&fixedContender{name: "third", log: log}}, nil
			}
		},
	} {
		var log []string
		suite := turnsSuite(&log, inTurns)
		suite.Subjects[2].Start = start(&log)
		_, err := collect(t.Context(), suite, schedule{rounds: 3, laps: 5}, io.Discard)
		if err == nil || !strings.Contains(err.Error(), "in turns, third") || !errors.Is(err, errDied) && !strings.Contains(err.Error(), "NaN") {
			t.Errorf("%s: error %v", name, err)
		}
		for _, subject := range suite.Subjects {
			started, stopped := 0, 0
			for _, entry := range log {
				switch entry {
				case "start " + subject.Name:
					started++
				case "stop " + subject.Name:
					stopped++
				}
			}
			if started != stopped {
				t.Errorf("%s: %s started %d times and stopped %d times", name, subject.Name, started, stopped)
			}
		}
	}
}

type diesAtTheEnd struct{ Contender }

func (diesAtTheEnd) Finish(context.Context) (Sample, error) { return Sample{}, errDied }

func TestInterruptEndsTheRun(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	suite := turnsSuite(new([]string), inTurns)
	suite.Subjects[1].Start = func(context.Context, Case) (Contender, error) {
		return fresh(func(ctx context.Context) (Sample, error) {
			cancel(errDied)
			<-ctx.Done()
			return Sample{}, context.Cause(ctx)
		}), nil
	}
	if _, err := collect(ctx, suite, schedule{rounds: 3, laps: 5}, io.Discard); !errors.Is(err, errDied) {
		t.Errorf("error %v", err)
	}
}
