package main

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"github.com/goaio/aio/conformance"
)

// A side runs scenarios and returns their traces, in the same order.
type side interface {
	Run(ctx context.Context, scenarios []conformance.Scenario) ([]conformance.Trace, error)
}

// A program is a side that is started once for each run: all scenarios go in, then all traces come out.
type program struct{ path string }

// patience is how long a program may take for one run: one that hangs is a finding, not the end of the comparison.
const patience = time.Minute

func (p program) Run(ctx context.Context, scenarios []conformance.Scenario) ([]conformance.Trace, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var in, out, complaints bytes.Buffer
	if err := writeScenarios(&in, scenarios, nil); err != nil {
		return nil, err
	}
	command := exec.CommandContext(ctx, p.path)
	command.Stdin, command.Stdout, command.Stderr = &in, &out, &complaints
	if err := command.Run(); err != nil {
		if ctx.Err() == context.DeadlineExceeded {
			err = fmt.Errorf("not done within %v", patience)
		}
		return nil, fmt.Errorf("%w\n%s", err, end(complaints.String()))
	}
	results, err := conformance.ReadResults(&out)
	if err != nil {
		return nil, err
	}
	return tracesOf(scenarios, results)
}

// end returns the last lines of what a program said.
func end(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.Join(lines[max(0, len(lines)-20):], "\n")
}

// writeScenarios writes what a side reads; off holds the numbers of the differences that the oracle is to do without.
func writeScenarios(in *bytes.Buffer, scenarios []conformance.Scenario, off []int) error {
	type line struct {
		Scenario conformance.Scenario `json:"scenario"`
		Off      []int                `json:"off,omitempty"`
	}
	for _, s := range scenarios {
		if err := conformance.WriteLines(in, line{s, off}); err != nil {
			return err
		}
	}
	return nil
}

func tracesOf(scenarios []conformance.Scenario, results []conformance.Result) ([]conformance.Trace, error) {
	if len(results) != len(scenarios) {
		return nil, fmt.Errorf("%d traces for %d scenarios", len(results), len(scenarios))
	}
	traces := make([]conformance.Trace, len(results))
	for i, r := range results {
		if r.Name != scenarios[i].Name {
			return nil, fmt.Errorf("trace %d is that of %q, not of %q", i+1, r.Name, scenarios[i].Name)
		}
		traces[i] = r.Trace
	}
	return traces, nil
}
