// Compare runs the same scenarios on CPython's asyncio and on ours and says where the traces differ.
//
//	go run ./conformance/cmd/compare                    2,000 fresh seeds
//	go run ./conformance/cmd/compare -seeds 500 -first 7
//	go run ./conformance/cmd/compare -corpus            what is kept, and the seven differences
//	go run ./conformance/cmd/compare -generate          writes the scenarios, runs nothing
//
// It is run in the root of the module. What differs is shrunk, shown, and kept in conformance/corpus with the trace that
// CPython gave; the exit status is then 1. It needs node, and `npm ci` in conformance/oracle.
package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"

	"github.com/goaio/aio/conformance"
)

type options struct {
	seeds    int
	first    uint64
	corpus   bool
	generate bool
	oracle   bool
	runner   string
	folder   string
	show     int
}

func main() {
	var o options
	flag.IntVar(&o.seeds, "seeds", 2000, "how many `seeds` to run")
	flag.Uint64Var(&o.first, "first", 0, "the first `seed`; without it, a fresh one")
	flag.BoolVar(&o.corpus, "corpus", false, "run what is kept instead of seeds")
	flag.BoolVar(&o.generate, "generate", false, "write the scenarios of the seeds to standard output, and run nothing")
	flag.BoolVar(&o.oracle, "oracle", false, "write the scenarios of the seeds with CPython's traces to standard output")
	flag.StringVar(&o.runner, "runner", "", "the `program` that runs ours; without it, conformance/cmd/scenario is built")
	flag.StringVar(&o.folder, "folder", "conformance", "where the oracle, the samples and the corpus are")
	flag.IntVar(&o.show, "show", 5, "how many differences to shrink and show")
	flag.Parse()
	if flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	first := false
	flag.Visit(func(f *flag.Flag) { first = first || f.Name == "first" })
	if !first {
		o.first = rand.Uint64N(1 << 40)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	differences, err := run(ctx, o)
	if err != nil {
		fmt.Fprintln(os.Stderr, "compare:", err)
		os.Exit(2)
	}
	if differences > 0 {
		os.Exit(1)
	}
}

// run returns how many scenarios differed.
func run(ctx context.Context, o options) (int, error) {
	if o.generate || o.oracle {
		return 0, write(ctx, o)
	}
	runner, clean, err := runnerProgram(ctx, o.runner)
	if err != nil {
		return 0, err
	}
	defer clean()
	oracle, err := newOracle(ctx, o.folder)
	if err != nil {
		return 0, err
	}
	defer oracle.Close()
	c := comparison{oracle: oracle, ours: program{path: runner}, show: o.show, out: os.Stdout}
	if o.corpus {
		same, err := differencesMatter(ctx, oracle, o.folder, os.Stdout)
		if err != nil {
			return 0, err
		}
		wrong, err := c.corpus(ctx, o.folder)
		return same + wrong, err
	}
	fmt.Printf("%d seeds from %d on\n", o.seeds, o.first)
	found, err := c.seeds(ctx, o.first, o.seeds)
	if err != nil {
		return 0, err
	}
	return c.report(ctx, found, filepath.Join(o.folder, "corpus", "found.jsonl"))
}

// write writes scenarios, with traces if those are asked for.
func write(ctx context.Context, o options) error {
	scenarios := generate(o.first, o.seeds)
	cases := make([]conformance.Case, len(scenarios))
	for i, s := range scenarios {
		cases[i] = conformance.Case{Scenario: s, Trace: conformance.Trace{}}
	}
	if o.oracle {
		oracle, err := newOracle(ctx, o.folder)
		if err != nil {
			return err
		}
		defer oracle.Close()
		traces, err := oracle.Run(ctx, scenarios)
		if err != nil {
			return err
		}
		for i := range cases {
			cases[i].Trace = traces[i]
		}
	}
	return conformance.WriteLines(os.Stdout, cases...)
}

func generate(first uint64, count int) []conformance.Scenario {
	scenarios := make([]conformance.Scenario, count)
	for i := range scenarios {
		scenarios[i] = conformance.Generate(first + uint64(i))
	}
	return scenarios
}

// runnerProgram returns the program that runs ours, built if none is given.
func runnerProgram(ctx context.Context, given string) (path string, clean func(), err error) {
	if given != "" {
		return given, func() {}, nil
	}
	folder, err := os.MkdirTemp("", "conformance")
	if err != nil {
		return "", nil, err
	}
	path = filepath.Join(folder, "scenario")
	build := exec.CommandContext(ctx, "go", "build", "-o", path, "./conformance/cmd/scenario")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		os.RemoveAll(folder)
		return "", nil, fmt.Errorf("building the runner: %w", err)
	}
	return path, func() { os.RemoveAll(folder) }, nil
}
