package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"testing"

	"github.com/goaio/aio/conformance"
	"github.com/goaio/aio/internal/leakcheck"
)

// behaviour, in the environment, makes this test binary a side of its own instead of running the tests.
const behaviour = "CONFORMANCE_TEST_SIDE"

func TestMain(m *testing.M) {
	if how := os.Getenv(behaviour); how != "" {
		if err := beSide(how); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		os.Exit(0)
	}
	leakcheck.Main(m)
}

// beSide answers scenarios line by line with the trace that count gives them; how says what goes wrong.
func beSide(how string) error {
	in := bufio.NewReader(os.Stdin)
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return nil
		}
		scenarios, err := conformance.ReadScenarios(bytes.NewReader(line))
		if err != nil {
			return err
		}
		s := scenarios[0]
		switch {
		case how == "dies" && uses(s, "raise"):
			return fmt.Errorf("cannot run %s", s.Name)
		case how == "silent":
			continue
		case how == "confused":
			s.Name += "?"
		}
		if err := conformance.WriteLines(os.Stdout, conformance.Result{Name: s.Name, Trace: count(s)}); err != nil {
			return err
		}
	}
}

// count is a trace for tests: it says how many operations there are.
func count(s conformance.Scenario) conformance.Trace {
	return conformance.Trace{{Who: conformance.Main, Text: fmt.Sprint(s.Len())}}
}

func uses(s conformance.Scenario, name string) bool {
	for op := range s.All() {
		if op.Name == name {
			return true
		}
	}
	return false
}
