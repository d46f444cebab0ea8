// Command scenario runs scheduling scenarios, JSON objects a line on standard
// input, and writes their traces, a line each, to standard output.
package main

import (
	"bufio"
	"fmt"
	"os"

	"github.com/goaio/aio/conformance"
	"github.com/goaio/aio/conformance/runner"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "scenario:", err)
		os.Exit(2)
	}
}

// run reads everything before it writes anything, so that nothing is half
// written when a line cannot be read.
func run() error {
	scenarios, err := conformance.ReadScenarios(os.Stdin)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(os.Stdout)
	for i := range scenarios {
		trace, err := runner.Run(&scenarios[i])
		if err != nil {
			return fmt.Errorf("scenario %s: %w", scenarios[i].Name, err)
		}
		if err := conformance.WriteLines(out, conformance.Result{Name: scenarios[i].Name, Trace: trace}); err != nil {
			return err
		}
	}
	return out.Flush()
}
