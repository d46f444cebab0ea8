package main

import (
	"context"
	"fmt"
	"io"
)

// collect runs the suite's rounds and returns a figure for each case and subject that gave one,
// ordered by case, then subject. Every round visits every subject with the cases of one process, then with the next
// ones, each round starting with another subject, so that a drift of the machine falls on all of them alike.
func collect(ctx context.Context, suite Suite, rounds int, progress io.Writer) ([]Figure, error) {
	type key struct{ testCase, subject string }
	values := map[key][]float64{}
	loads := map[key][]Load{}
	notes := map[key]string{}
	groups := processGroups(suite.Cases)
	for round := range rounds {
		for _, group := range groups {
			for i := range suite.Subjects {
				subject := suite.Subjects[(round+i)%len(suite.Subjects)]
				fmt.Fprintf(progress, "bench: round %d of %d, %s: %s\n", round+1, rounds, groupName(group), subject.Name)
				samples, err := subject.Round(ctx, group)
				if err != nil {
					return nil, fmt.Errorf("%s: %w", subject.Name, err)
				}
				for _, sample := range samples {
					k := key{sample.Case, subject.Name}
					values[k] = append(values[k], sample.Value)
					loads[k] = append(loads[k], sample.Load)
					notes[k] = sample.Note
				}
			}
		}
	}
	var figures []Figure
	for _, c := range suite.Cases {
		for _, subject := range suite.Subjects {
			k := key{c.Name, subject.Name}
			if len(values[k]) > 0 {
				figures = append(figures, newFigure(suite.Name, c, subject.Name, values[k], loads[k], notes[k]))
			}
		}
	}
	return figures, nil
}

// processGroups returns the names of the cases, grouped by the process they share.
func processGroups(cases []Case) [][]string {
	var shared []string
	var groups [][]string
	for _, c := range cases {
		if c.Alone {
			groups = append(groups, []string{c.Name})
		} else {
			shared = append(shared, c.Name)
		}
	}
	if shared != nil {
		groups = append(groups, shared)
	}
	return groups
}

func groupName(cases []string) string {
	if len(cases) == 1 {
		return cases[0]
	}
	return fmt.Sprintf("%d cases", len(cases))
}
