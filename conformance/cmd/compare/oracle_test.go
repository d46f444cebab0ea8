package main

import (
	"os"
	"strings"
	"testing"

	"github.com/goaio/aio/conformance"
)

func TestOracleAnswersInOrderOverManyBatches(t *testing.T) {
	t.Setenv(behaviour, "good")
	o, err := startOracle(t.Context(), 2, os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	for range 2 {
		scenarios := generate(1, 600)
		traces, err := o.Run(t.Context(), scenarios)
		if err != nil {
			t.Fatal(err)
		}
		for i, s := range scenarios {
			if conformance.FirstDifference(traces[i], count(s)) >= 0 {
				t.Fatalf("%s: %v", s.Name, traces[i])
			}
		}
	}
}

func TestOracleThatDiesIsAnError(t *testing.T) {
	t.Setenv(behaviour, "dies")
	o, err := startOracle(t.Context(), 2, os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	if _, err := o.Run(t.Context(), generate(1, 600)); err == nil || !strings.Contains(err.Error(), "the oracle ended") {
		t.Error(err)
	}
}

func TestOracleThatIsNotInstalled(t *testing.T) {
	if _, err := newOracle(t.Context(), t.TempDir()); err == nil || !strings.Contains(err.Error(), "npm ci") {
		t.Error(err)
	}
}

func TestProgram(t *testing.T) {
	scenarios := generate(1, 50)
	for how, reason := range map[string]string{
		"good":     "",
		"dies":     "cannot run seed",
		"silent":   "0 traces for 50 scenarios",
		"confused": `is that of "seed1?"`,
	} {
		t.Setenv(behaviour, how)
		traces, err := program{path: os.Args[0]}.Run(t.Context(), scenarios)
		switch {
		case reason != "":
			if err == nil || !strings.Contains(err.Error(), reason) {
				t.Errorf("%s: got %v, want %s", how, err, reason)
			}
		case err != nil:
			t.Errorf("%s: %v", how, err)
		case conformance.FirstDifference(traces[49], count(scenarios[49])) >= 0:
			t.Errorf("%s: %v", how, traces[49])
		}
	}
}
