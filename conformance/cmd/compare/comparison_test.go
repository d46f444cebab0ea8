package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goaio/aio/conformance"
)

// sideFunc gives each scenario its trace.
type sideFunc func(conformance.Scenario) (conformance.Trace, error)

func (f sideFunc) Run(_ context.Context, scenarios []conformance.Scenario) ([]conformance.Trace, error) {
	traces := make([]conformance.Trace, len(scenarios))
	for i, s := range scenarios {
		var err error
		if traces[i], err = f(s); err != nil {
			return nil, err
		}
	}
	return traces, nil
}

func counts(s conformance.Scenario) (conformance.Trace, error) { return count(s), nil }

func TestEqualSidesDoNotDiffer(t *testing.T) {
	c := comparison{oracle: sideFunc(counts), ours: sideFunc(counts), show: 5, out: &bytes.Buffer{}}
	found, err := c.seeds(t.Context(), 1, 1050)
	if err != nil || len(found) > 0 {
		t.Fatal(found, err)
	}
	path := filepath.Join(t.TempDir(), "corpus", "found.jsonl")
	if n, err := c.report(t.Context(), found, path); n != 0 || err != nil {
		t.Error(n, err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("a corpus of nothing was written")
	}
}

func TestADifferenceIsShrunkShownAndKept(t *testing.T) {
	wrongAboutShutdown := func(s conformance.Scenario) (conformance.Trace, error) {
		if uses(s, "shutdown") {
			return append(count(s), conformance.Line{Who: conformance.Loop, Text: "odd"}), nil
		}
		return count(s), nil
	}
	var out bytes.Buffer
	c := comparison{oracle: sideFunc(counts), ours: sideFunc(wrongAboutShutdown), show: 3, out: &out}
	found, err := c.seeds(t.Context(), 1, 200)
	if err != nil || len(found) < 3 {
		t.Fatal(len(found), err)
	}
	path := filepath.Join(t.TempDir(), "corpus", "found.jsonl")
	for range 2 { // The second time adds nothing.
		if n, err := c.report(t.Context(), found, path); n != len(found) || err != nil {
			t.Fatal(n, err)
		}
	}
	if !strings.Contains(out.String(), "(nothing more)") || !strings.Contains(out.String(), `["shutdown","q",`) &&
		!strings.Contains(out.String(), `["shutdown", "q", `) {
		t.Error(out.String())
	}
	kept, err := readCases(path)
	if err != nil || len(kept) == 0 || len(kept) > 3 {
		t.Fatal(len(kept), err)
	}
	for _, k := range kept {
		if k.Scenario.Len() > 2 || !uses(k.Scenario, "shutdown") || conformance.FirstDifference(k.Trace, count(k.Scenario)) >= 0 {
			t.Errorf("%s gives %v", k.Scenario, k.Trace)
		}
	}
}

func TestAScenarioThatEndsTheRunIsFound(t *testing.T) {
	failing := errors.New("crashed")
	crashes := func(s conformance.Scenario) (conformance.Trace, error) {
		if uses(s, "barrier_abort") {
			return nil, failing
		}
		return count(s), nil
	}
	var out bytes.Buffer
	c := comparison{oracle: sideFunc(counts), ours: sideFunc(crashes), show: 1, out: &out}
	found, err := c.seeds(t.Context(), 1, 200)
	if err != nil || len(found) == 0 {
		t.Fatal(len(found), err)
	}
	for _, d := range found {
		if !errors.Is(d.err, failing) || !uses(d.scenario, "barrier_abort") {
			t.Errorf("%s: %v", d.scenario.Name, d.err)
		}
	}
	d := c.shrink(t.Context(), found[0])
	d.print(&out)
	if d.scenario.Len() > 2 || !strings.Contains(out.String(), "our side: crashed") {
		t.Errorf("%s\n%s", d.scenario, out.String())
	}
}

func TestAFileOfCasesIsHeldAgainstBothSides(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cases.jsonl")
	var cases []conformance.Case
	for _, s := range generate(1, 20) {
		cases = append(cases, conformance.Case{Scenario: s, Trace: count(s)})
	}
	cases[3].Trace = nil
	if _, err := keep(path, cases); err != nil {
		t.Fatal(err)
	}
	c := comparison{oracle: sideFunc(counts), ours: sideFunc(counts), out: &bytes.Buffer{}}
	if wrong, err := c.file(t.Context(), path); wrong != 2 || err != nil {
		t.Errorf("%d are wrong, %v: the one is on both sides", wrong, err)
	}
}
