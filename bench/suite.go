package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// ours is the subject every ratio is taken against.
const ours = "aio"

// A Suite is a set of cases and the subjects that run them side by side.
type Suite struct {
	Name, What string
	Cases      []Case
	Subjects   []Subject
	// Laps is how many laps a round has by default, in the cases whose subjects take turns.
	Laps int
	// Flags adds the suite's own; nil adds none.
	Flags func(*flag.FlagSet)
	// Parsed fits the schedule to them, or says what does not go with them; given are the names of the flags that were set. Nil keeps it.
	Parsed func(s *schedule, given []string) error
}

// A Case is one thing measured. Values are in Unit, for one of what What describes.
type Case struct {
	Name, Unit, What string
	// Turn is about how long a subject's turn lasts. Zero is a case whose turn is a measurement of its own, in a fresh
	// process: a round has one lap of them.
	Turn time.Duration
	// Needs says what this machine lacks for the case; nil needs nothing.
	Needs func() error
}

// A Subject is one contender of a suite.
type Subject struct {
	Name string
	// Find returns the subject's version, or what to install to have it.
	Find func(context.Context) (version string, err error)
	// Start makes the subject ready for turns of a case; nil without an error says that it has not got the case.
	// The context is for the start alone.
	Start func(context.Context, Case) (Contender, error)
	// Go is what the subject does in the process of its own, if that is this binary started again.
	Go goMeasurements
}

func findSuite(known []Suite, name string) (Suite, bool) {
	i := slices.IndexFunc(known, func(s Suite) bool { return s.Name == name })
	if i < 0 {
		return Suite{}, false
	}
	return known[i], true
}

// chosen returns the suite with only the named cases and subjects, in the suite's order; nil keeps all.
func (s Suite) chosen(cases, subjects []string) (Suite, error) {
	var err error
	s.Cases, err = choose("case", s.Cases, func(c Case) string { return c.Name }, cases)
	if err != nil {
		return s, err
	}
	s.Subjects, err = choose("subject", s.Subjects, func(s Subject) string { return s.Name }, subjects)
	return s, err
}

func choose[T any](kind string, all []T, name func(T) string, names []string) ([]T, error) {
	if names == nil {
		return all, nil
	}
	var known []string
	var kept []T
	for _, one := range all {
		known = append(known, name(one))
		if slices.Contains(names, name(one)) {
			kept = append(kept, one)
		}
	}
	for _, wanted := range names {
		if !slices.Contains(known, wanted) {
			return nil, fmt.Errorf("no %s named %q; there are %s", kind, wanted, strings.Join(known, ", "))
		}
	}
	return kept, nil
}

// present drops the cases and subjects this machine cannot run, naming each on w,
// and returns the versions of the subjects it keeps.
func (s Suite) present(ctx context.Context, w io.Writer) (Suite, []string) {
	var versions []string
	s.Cases = slices.DeleteFunc(slices.Clone(s.Cases), func(c Case) bool {
		if c.Needs == nil {
			return false
		}
		err := c.Needs()
		if err != nil {
			fmt.Fprintf(w, "bench: case %s left out: %v\n", c.Name, err)
		}
		return err != nil
	})
	s.Subjects = slices.DeleteFunc(slices.Clone(s.Subjects), func(subject Subject) bool {
		version, err := subject.Find(ctx)
		if err != nil {
			fmt.Fprintf(w, "bench: subject %s left out: %v\n", subject.Name, err)
			return true
		}
		if !slices.Contains(versions, version) {
			versions = append(versions, version)
		}
		return false
	})
	return s, versions
}

func subjectNames(subjects []Subject) []string {
	names := make([]string, len(subjects))
	for i, s := range subjects {
		names[i] = s.Name
	}
	return names
}
