package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
)

// measureVerb starts this binary as the process of one Go subject and case.
const measureVerb = "measure"

// goMeasurements are what a Go subject does, by case.
type goMeasurements struct {
	timed map[string]timedRun // in turns
	once  map[string]func() (Sample, error)
}

// goSubject is a subject measured by this binary, started again.
func goSubject(suite, name string, m goMeasurements) Subject {
	return Subject{
		Name: name,
		Find: func(context.Context) (string, error) { return runtime.Version(), nil },
		Start: func(ctx context.Context, c Case) (Contender, error) {
			self, err := os.Executable()
			if err != nil {
				return nil, err
			}
			command := []string{self, measureVerb, suite, name, c.Name}
			switch {
			case m.timed[c.Name] != nil:
				return startTimed(ctx, c, command...)
			case m.once[c.Name] != nil:
				return startFresh(command...), nil
			}
			return nil, nil
		},
		Go: m,
	}
}

// measure is the other side of goSubject.
func measure(known []Suite, args []string, stdin io.Reader, stdout io.Writer) error {
	if len(args) != 3 {
		return usageError{fmt.Errorf("%s wants a suite, a subject and a case", measureVerb)}
	}
	suite, ok := findSuite(known, args[0])
	if !ok {
		return usageError{fmt.Errorf("no suite named %q", args[0])}
	}
	suite, err := suite.chosen(nil, []string{args[1]})
	if err != nil {
		return usageError{err}
	}
	m := suite.Subjects[0].Go
	if run := m.timed[args[2]]; run != nil {
		return answerTimed(run, stdin, stdout)
	}
	once := m.once[args[2]]
	if once == nil {
		return usageError{fmt.Errorf("%s has no case %q", args[1], args[2])}
	}
	sample, err := once()
	if err != nil {
		return err
	}
	return json.NewEncoder(stdout).Encode(sample)
}

// answerTimed reads numbers of operations and writes the nanoseconds they took. Before each run there is a collection;
// collections during it count.
func answerTimed(run timedRun, stdin io.Reader, stdout io.Writer) error {
	lines := bufio.NewScanner(stdin)
	for lines.Scan() {
		n, err := strconv.Atoi(lines.Text())
		if err != nil {
			return fmt.Errorf("a number of operations: %w", err)
		}
		runtime.GC()
		took, err := run(n)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintln(stdout, took.Nanoseconds()); err != nil {
			return err
		}
	}
	return lines.Err()
}
