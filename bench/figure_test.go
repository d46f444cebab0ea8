package main

import (
	"slices"
	"strings"
	"testing"
)

func TestMedian(t *testing.T) {
	for _, test := range []struct {
		values []float64
		want   float64
	}{
		{[]float64{7}, 7},
		{[]float64{9, 1, 5}, 5},
		{[]float64{4, 1, 100, 2}, 3},
	} {
		given := slices.Clone(test.values)
		if got := median(given); got != test.want {
			t.Errorf("median(%v) = %v, want %v", test.values, got, test.want)
		}
		if !slices.Equal(given, test.values) {
			t.Errorf("median reordered %v to %v", test.values, given)
		}
	}
}

// lapsOf is a round for each list of turns, of ours and of a peer.
func lapsOf(aio, peer []float64) []lap {
	var laps []lap
	for i := range aio {
		laps = append(laps, lap{samples: map[string]Sample{ours: {Value: aio[i]}, "peer": {Value: peer[i]}}})
	}
	return laps
}

func TestFigureSpread(t *testing.T) {
	c := Case{Name: "yield", Unit: "ns"}
	steady := newFigure("micro", c, ours, lapsOf([]float64{110, 100, 90}, make([]float64, 3)), nil)
	if steady.Low != 90 || steady.High != 110 || steady.Value != 100 || steady.unsteady() {
		t.Errorf("steady figure is %+v, unsteady %v", steady, steady.unsteady())
	}
	if f := newFigure("micro", c, ours, lapsOf([]float64{130, 100, 90}, make([]float64, 3)), nil); !f.unsteady() {
		t.Errorf("%+v is not called unsteady", f)
	} else {
		var out strings.Builder
		warnUnsteady(&out, []Figure{steady, f})
		if want := "bench: yield, aio is unsteady: half of its turns lie between 90.0 and 130 ns\n"; out.String() != want {
			t.Errorf("warned %q, want %q", out.String(), want)
		}
	}
	// Of many turns, the outliers at both ends do not count.
	many := newFigure("micro", c, ours, lapsOf([]float64{1, 95, 96, 100, 104, 105, 110, 900}, make([]float64, 8)), nil)
	if many.Low != 96 || many.High != 105 || many.unsteady() {
		t.Errorf("figure of many turns is %+v", many)
	}
}

func TestFigureTakesWhatFinishersFoundBeside(t *testing.T) {
	laps := lapsOf([]float64{2, 3, 4}, []float64{4, 6, 8})
	for _, l := range laps {
		l.samples["peer"] = Sample{Value: l.samples["peer"].Value, Load: Load{PerSecond: l.samples["peer"].Value}}
	}
	finished := []lap{{samples: map[string]Sample{"peer": {Note: "by another client", Load: Load{P50: 7}}}}}
	f := newFigure("net", Case{Name: "echo", Unit: "µs"}, "peer", laps, finished)
	want := Figure{Suite: "net", Case: "echo", Subject: "peer", Value: 6, Unit: "µs", Low: 4, High: 8, Note: "by another client",
		Load: Load{PerSecond: 6, P50: 7}, Ratio: Ratio{0.5, 0.5, 0.5}}
	if f != want {
		t.Errorf("figure %+v, want %+v", f, want)
	}
}
