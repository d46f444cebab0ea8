// Command bench measures aio beside its peers: one suite a subject area, short turns between subjects that are all alive,
// ratios of the turns of a lap.
//
//	go run . micro
//	go run . micro -json -rounds 5 -cases yield,spawn -subjects aio,uvloop
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"github.com/goaio/aio/executor"
)

// suites lists every suite in the order the usage text names them.
func suites() []Suite {
	return append([]Suite{microSuite(), executorsSuite()}, netSuites()...)
}

func main() {
	executor.Main()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := command(ctx, suites(), os.Args[1:], os.Stdout, os.Stderr)
	stop()
	switch {
	case err == nil || errors.Is(err, flag.ErrHelp):
	case errors.As(err, new(usageError)):
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2)
	default:
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// usageError is a mistake in the arguments, told apart by its exit status.
type usageError struct{ error }

func command(ctx context.Context, known []Suite, args []string, stdout, stderr io.Writer) error {
	if len(args) > 0 && args[0] == measureVerb {
		return measure(known, args[1:], os.Stdin, stdout)
	}
	if len(args) > 0 && args[0] == serveVerb {
		return serve(args[1:], os.Stdin, stdout)
	}
	if len(args) > 0 && args[0] == childVerb {
		return servePipe(os.Stdin, stdout)
	}
	if len(args) == 0 {
		usage(stderr, known)
		return usageError{errors.New("name a suite")}
	}
	if args[0] == "-h" || args[0] == "-help" || args[0] == "--help" {
		usage(stderr, known)
		return flag.ErrHelp
	}
	suite, ok := findSuite(known, args[0])
	if !ok {
		usage(stderr, known)
		return usageError{fmt.Errorf("no suite named %q", args[0])}
	}
	options, err := parseOptions(suite, args[1:], stderr)
	if err != nil {
		return err
	}
	suite, err = suite.chosen(options.cases, options.subjects)
	if err != nil {
		return usageError{err}
	}
	suite, versions := suite.present(ctx, stderr)
	if len(suite.Subjects) == 0 || len(suite.Cases) == 0 {
		return errors.New("nothing left to measure")
	}
	figures, err := collect(ctx, suite, options.schedule, stderr)
	if err != nil {
		return err
	}
	if options.json {
		warnUnsteady(stderr, figures)
		return writeJSON(stdout, figures)
	}
	return writeTable(stdout, figures, options.schedule, footnote(time.Now(), versions))
}

func usage(w io.Writer, known []Suite) {
	fmt.Fprint(w, "usage: go run . SUITE [flags]\n\n")
	for _, suite := range known {
		fmt.Fprintf(w, "  %-10s %s\n", suite.Name, suite.What)
	}
	fmt.Fprint(w, "\ngo run . SUITE -h lists the flags, cases and subjects of a suite.\n")
}
