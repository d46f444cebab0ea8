package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"
)

// measureVerb starts this binary as the process of one Go subject and round.
const measureVerb = "measure"

// caseDeadline bounds one case of one round; a peer that hangs must not hang the run.
const caseDeadline = 2 * time.Minute

// A Measurement measures one case once.
type Measurement func() (Sample, error)

// goSubject is a subject measured by this binary, started again for each round.
func goSubject(suite, name string, measurements map[string]Measurement) Subject {
	return Subject{
		Name: name,
		Find: func(context.Context) (string, error) { return runtime.Version(), nil },
		Round: func(ctx context.Context, cases []string) ([]Sample, error) {
			cases = slices.DeleteFunc(slices.Clone(cases), func(c string) bool { return measurements[c] == nil })
			if len(cases) == 0 {
				return nil, nil
			}
			self, err := os.Executable()
			if err != nil {
				return nil, err
			}
			return runProcess(ctx, cases, nil, self, measureVerb, suite, name, strings.Join(cases, ","))
		},
		Measurements: measurements,
	}
}

// measure is the other side of goSubject: it measures the cases and writes a sample a line.
func measure(known []Suite, args []string, w io.Writer) error {
	if len(args) != 3 {
		return usageError{fmt.Errorf("%s wants a suite, a subject and cases", measureVerb)}
	}
	suite, ok := findSuite(known, args[0])
	if !ok {
		return usageError{fmt.Errorf("no suite named %q", args[0])}
	}
	suite, err := suite.chosen(nil, []string{args[1]})
	if err != nil {
		return usageError{err}
	}
	encoder := json.NewEncoder(w)
	for _, name := range splitNames(args[2]) {
		run := suite.Subjects[0].Measurements[name]
		if run == nil {
			return usageError{fmt.Errorf("%s has no case %q", args[1], name)}
		}
		sample, err := run()
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		sample.Case = name
		if err := encoder.Encode(sample); err != nil {
			return err
		}
	}
	return nil
}

// runProcess runs a program that writes a sample a line for exactly the named cases.
func runProcess(ctx context.Context, cases []string, stdin io.Reader, program string, args ...string) ([]Sample, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(len(cases))*caseDeadline)
	defer cancel()
	process := exec.CommandContext(ctx, program, args...)
	process.Stdin = stdin
	var stderr bytes.Buffer
	process.Stderr = &stderr
	stdout, err := process.Output()
	if err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return nil, fmt.Errorf("measuring %s: %w\n%s", strings.Join(cases, ", "), err, stderr.Bytes())
	}
	samples, err := readSamples(bytes.NewReader(stdout), cases)
	if err != nil {
		return nil, fmt.Errorf("measuring %s: %w", strings.Join(cases, ", "), err)
	}
	return samples, nil
}

// readSamples reads samples until the end and insists on one positive value for each of the cases and no other.
func readSamples(r io.Reader, cases []string) ([]Sample, error) {
	var samples []Sample
	missing := slices.Clone(cases)
	decoder := json.NewDecoder(r)
	for {
		var sample Sample
		err := decoder.Decode(&sample)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("reading samples: %w", err)
		}
		i := slices.Index(missing, sample.Case)
		if i < 0 {
			return nil, fmt.Errorf("sample for %q was not asked for, or came twice", sample.Case)
		}
		if !(sample.Value > 0) || math.IsInf(sample.Value, 1) {
			return nil, fmt.Errorf("%s: impossible value %v", sample.Case, sample.Value)
		}
		missing = slices.Delete(missing, i, i+1)
		samples = append(samples, sample)
	}
	if len(missing) > 0 {
		return nil, fmt.Errorf("no sample for %s", strings.Join(missing, ", "))
	}
	return samples, nil
}
