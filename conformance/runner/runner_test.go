package runner

import (
	"os"
	"testing"

	"github.com/goaio/aio/conformance"
	"github.com/goaio/aio/internal/leakcheck"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

// What CPython 3.14 gave for these is kept beside them.
func TestTracesAreCPythons(t *testing.T) {
	for _, name := range []string{"samples", "differences"} {
		file, err := os.Open("../testdata/" + name + ".jsonl")
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		cases, err := conformance.ReadCases(file)
		if err != nil || len(cases) == 0 {
			t.Fatalf("%s: %d cases, %v", name, len(cases), err)
		}
		for _, c := range cases {
			got, err := Run(&c.Scenario)
			if err != nil {
				t.Errorf("%s: %v", c.Scenario.Name, err)
			} else if at := conformance.FirstDifference(got, c.Trace); at >= 0 {
				t.Errorf("%s differs in line %d", c.Scenario.Name, at)
			}
		}
	}
}

// Every generated scenario runs to its end and gives the same trace again.
func TestRunsAreDeterministic(t *testing.T) {
	for seed := range uint64(300) {
		s := conformance.Generate(seed)
		first, err := Run(&s)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		second, err := Run(&s)
		if err != nil || conformance.FirstDifference(first, second) >= 0 {
			t.Errorf("seed %d: two runs differ, %v", seed, err)
		}
	}
}
