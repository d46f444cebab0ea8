package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/goaio/aio/conformance"
)

// corpus checks both sides against every trace that is kept.
func (c comparison) corpus(ctx context.Context, folder string) (int, error) {
	var paths []string
	for _, pattern := range []string{"testdata/*.jsonl", "corpus/*.jsonl"} {
		matched, err := filepath.Glob(filepath.Join(folder, pattern))
		if err != nil {
			return 0, err
		}
		paths = append(paths, matched...)
	}
	wrong := 0
	for _, path := range paths {
		n, err := c.file(ctx, path)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", path, err)
		}
		wrong += n
	}
	return wrong, nil
}

func (c comparison) file(ctx context.Context, path string) (int, error) {
	cases, err := readCases(path)
	if err != nil {
		return 0, err
	}
	scenarios, want := split(cases)
	oracles, err := c.oracle.Run(ctx, scenarios)
	if err != nil {
		return 0, err
	}
	wrong := 0
	for i := range cases {
		if conformance.FirstDifference(want[i], oracles[i]) >= 0 {
			wrong++
			fmt.Fprintf(c.out, "%s: the oracle's trace of %s is not the one that is kept\n", path, scenarios[i].Name)
			difference{scenario: scenarios[i], want: oracles[i], got: want[i]}.print(c.out)
		}
	}
	found := c.against(ctx, scenarios, want)
	for _, d := range found[:min(c.show, len(found))] {
		d.print(c.out)
	}
	fmt.Fprintf(c.out, "%s: %d scenarios; %d differ on CPython, %d on ours\n", path, len(cases), wrong, len(found))
	return wrong + len(found), nil
}

// differencesMatter runs each scenario of differences.jsonl, whose name begins with a difference's number, on CPython
// with that difference switched off: the trace must be another. It returns how many are the same.
func differencesMatter(ctx context.Context, o *oracle, folder string, out io.Writer) (int, error) {
	path := filepath.Join(folder, "testdata", "differences.jsonl")
	cases, err := readCases(path)
	if err != nil {
		return 0, err
	}
	same := 0
	for _, k := range cases {
		digits, _, _ := strings.Cut(k.Scenario.Name, " ")
		number, err := strconv.Atoi(digits)
		if err != nil {
			return 0, fmt.Errorf("%s: %q does not begin with a difference's number", path, k.Scenario.Name)
		}
		traces, err := o.runWithout(ctx, []conformance.Scenario{k.Scenario}, number)
		if err != nil {
			return 0, err
		}
		if conformance.FirstDifference(k.Trace, traces[0]) < 0 {
			same++
			fmt.Fprintf(out, "%s: %s is the same without the difference\n", path, k.Scenario.Name)
		}
	}
	fmt.Fprintf(out, "%s: %d of %d fail when their difference is off\n", path, len(cases)-same, len(cases))
	return same, nil
}

func split(cases []conformance.Case) (scenarios []conformance.Scenario, traces []conformance.Trace) {
	for _, k := range cases {
		scenarios = append(scenarios, k.Scenario)
		traces = append(traces, k.Trace)
	}
	return scenarios, traces
}

func readCases(path string) ([]conformance.Case, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return conformance.ReadCases(f)
}

// keep adds cases to a file, but none that it has already, and returns how many it added.
func keep(path string, cases []conformance.Case) (int, error) {
	kept, err := readCases(path)
	if err != nil && !os.IsNotExist(err) {
		return 0, err
	}
	has := map[string]bool{}
	for _, k := range kept {
		has[content(k.Scenario)] = true
	}
	added := 0
	for _, k := range cases {
		if !has[content(k.Scenario)] {
			has[content(k.Scenario)] = true
			kept = append(kept, k)
			added++
		}
	}
	if added == 0 {
		return 0, nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return 0, err
	}
	f, err := os.Create(path)
	if err != nil {
		return 0, err
	}
	if err := conformance.WriteLines(f, kept...); err != nil {
		f.Close()
		return 0, err
	}
	return added, f.Close()
}

// content is a scenario without its name.
func content(s conformance.Scenario) string {
	s.Name = ""
	return s.String()
}
