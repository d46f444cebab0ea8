package main

import (
	"context"
	"fmt"
	"io"

	"github.com/goaio/aio/conformance"
)

// A comparison runs scenarios on both sides.
type comparison struct {
	oracle, ours side
	show         int // how many differences to shrink
	out          io.Writer
}

// A difference is a scenario that the two sides ran differently.
type difference struct {
	scenario conformance.Scenario
	want     conformance.Trace
	got      conformance.Trace
	err      error // our side's, if it gave no trace
}

// batch bounds what is held in memory, and what one hanging scenario takes along.
const batch = 1000

// seeds compares generated scenarios.
func (c comparison) seeds(ctx context.Context, first uint64, count int) ([]difference, error) {
	var found []difference
	for done := 0; done < count; done += batch {
		scenarios := generate(first+uint64(done), min(batch, count-done))
		want, err := c.oracle.Run(ctx, scenarios)
		if err != nil {
			return nil, err
		}
		found = append(found, c.against(ctx, scenarios, want)...)
		fmt.Fprintf(c.out, "%d run, %d differ\n", done+len(scenarios), len(found))
	}
	return found, ctx.Err()
}

// against runs our side and returns where its traces are not those wanted.
func (c comparison) against(ctx context.Context, scenarios []conformance.Scenario, want []conformance.Trace) []difference {
	if len(scenarios) == 0 {
		return nil
	}
	got, err := c.ours.Run(ctx, scenarios)
	if err != nil {
		if len(scenarios) == 1 {
			return []difference{{scenario: scenarios[0], want: want[0], err: err}}
		}
		// One of them ended the run for all: it is in one of the halves.
		half := len(scenarios) / 2
		return append(c.against(ctx, scenarios[:half], want[:half]), c.against(ctx, scenarios[half:], want[half:])...)
	}
	var found []difference
	for i, s := range scenarios {
		if conformance.FirstDifference(want[i], got[i]) >= 0 {
			found = append(found, difference{scenario: s, want: want[i], got: got[i]})
		}
	}
	return found
}

// shrink returns the difference of the smallest scenario that still has one.
func (c comparison) shrink(ctx context.Context, d difference) difference {
	small := d
	conformance.Shrink(d.scenario, func(s conformance.Scenario) bool {
		scenarios := []conformance.Scenario{s}
		want, err := c.oracle.Run(ctx, scenarios)
		if err != nil {
			return false
		}
		found := c.against(ctx, scenarios, want)
		if len(found) > 0 {
			small = found[0]
		}
		return len(found) > 0
	})
	return small
}

// report shrinks, shows and keeps what differed, and returns how many did. What shrinks to the same is shown once.
func (c comparison) report(ctx context.Context, found []difference, keepIn string) (int, error) {
	const tries = 8 // for each one that is shown
	seen := map[string]bool{}
	var kept []conformance.Case
	for i, d := range found {
		if len(kept) == c.show || i == tries*c.show || ctx.Err() != nil {
			break
		}
		d = c.shrink(ctx, d)
		if form := content(d.scenario); !seen[form] {
			seen[form] = true
			d.print(c.out)
			kept = append(kept, conformance.Case{Scenario: d.scenario, Trace: d.want})
		}
	}
	if len(kept) == 0 {
		return len(found), ctx.Err()
	}
	added, err := keep(keepIn, kept)
	if err != nil {
		return len(found), err
	}
	fmt.Fprintf(c.out, "%d scenarios differed; %d new ones are kept in %s\n", len(found), added, keepIn)
	return len(found), nil
}

func (d difference) print(w io.Writer) {
	fmt.Fprintf(w, "\n%s\n", d.scenario.Name)
	for _, o := range d.scenario.Objects {
		fmt.Fprintf(w, "  %s: %s %d\n", o.Name, o.Kind, o.Size)
	}
	for _, t := range d.scenario.Tasks {
		fmt.Fprintf(w, "  %s:\n", t.Name)
		for _, op := range t.Ops {
			data, err := op.MarshalJSON()
			if err != nil {
				data = []byte(err.Error())
			}
			fmt.Fprintf(w, "    %s\n", data)
		}
	}
	if d.err != nil {
		fmt.Fprintf(w, "  our side: %v\n", d.err)
		return
	}
	at := conformance.FirstDifference(d.want, d.got)
	for _, line := range d.want[:max(at, 0)] {
		fmt.Fprintf(w, "            %s\n", line)
	}
	fmt.Fprintf(w, "  CPython   %s\n", lineAt(d.want, at))
	fmt.Fprintf(w, "  ours      %s\n", lineAt(d.got, at))
}

func lineAt(t conformance.Trace, at int) string {
	if at < 0 || at >= len(t) {
		return "(nothing more)"
	}
	return t[at].String()
}
