package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
)

// fewestRounds is the least whose median says more than its mean.
const fewestRounds = 3

type options struct {
	schedule        schedule
	cases, subjects []string // nil means all
	json            bool
}

func parseOptions(suite Suite, args []string, stderr io.Writer) (options, error) {
	var o options
	var cases, subjects string
	flags := flag.NewFlagSet(suite.Name, flag.ContinueOnError)
	flags.SetOutput(io.Discard) // the caller prints the error
	flags.IntVar(&o.schedule.rounds, "rounds", fewestRounds, "rounds of fresh processes, at least three")
	flags.IntVar(&o.schedule.laps, "laps", suite.Laps, "laps of a round, in each of which every subject has a turn")
	flags.DurationVar(&o.schedule.turn, "turn", 0, "how long a turn lasts (default the case's own)")
	flags.Uint64Var(&o.schedule.seed, "seed", rand.Uint64(), "of the order of turns")
	flags.StringVar(&cases, "cases", "", "comma-separated cases (default all)")
	flags.StringVar(&subjects, "subjects", "", "comma-separated subjects (default all)")
	flags.BoolVar(&o.json, "json", false, "print one JSON object a figure instead of the table")
	if suite.Flags != nil {
		suite.Flags(flags)
	}
	flags.Usage = func() {
		flags.SetOutput(stderr)
		fmt.Fprintf(stderr, "usage: go run . %s [flags]\n\n", suite.Name)
		flags.PrintDefaults()
		fmt.Fprint(stderr, "\ncases:\n")
		for _, c := range suite.Cases {
			fmt.Fprintf(stderr, "  %-16s %s, %s\n", c.Name, c.Unit, c.What)
		}
		fmt.Fprintf(stderr, "\nsubjects: %s\n", strings.Join(subjectNames(suite.Subjects), ", "))
	}
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return o, err
		}
		return o, usageError{err}
	}
	if flags.NArg() > 0 {
		return o, usageError{fmt.Errorf("unexpected argument %q", flags.Arg(0))}
	}
	if suite.Parsed != nil {
		var given []string
		flags.Visit(func(f *flag.Flag) { given = append(given, f.Name) })
		if err := suite.Parsed(&o.schedule, given); err != nil {
			return o, usageError{err}
		}
	}
	if o.schedule.rounds < fewestRounds {
		return o, usageError{fmt.Errorf("-rounds %d: a median needs at least %d", o.schedule.rounds, fewestRounds)}
	}
	if o.schedule.laps < 1 || o.schedule.turn < 0 {
		return o, usageError{errors.New("a round needs a lap, and a turn some time")}
	}
	o.cases, o.subjects = splitNames(cases), splitNames(subjects)
	return o, nil
}

func splitNames(list string) []string {
	if list == "" {
		return nil
	}
	names := strings.Split(list, ",")
	for i := range names {
		names[i] = strings.TrimSpace(names[i])
	}
	return names
}
