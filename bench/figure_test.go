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

func TestFigureSpread(t *testing.T) {
	c := Case{Name: "yield", Unit: "ns"}
	steady := newFigure("micro", c, ours, []float64{110, 100, 90}, nil, "")
	if steady.Low != 90 || steady.High != 110 || steady.Value != 100 || steady.unsteady() {
		t.Errorf("steady figure is %+v, unsteady %v", steady, steady.unsteady())
	}
	if f := newFigure("micro", c, ours, []float64{130, 100, 90}, nil, ""); !f.unsteady() {
		t.Errorf("%+v is not called unsteady", f)
	} else {
		var out strings.Builder
		warnUnsteady(&out, []Figure{steady, f})
		if want := "bench: yield, aio is unsteady: its rounds found 90.0 to 130 ns\n"; out.String() != want {
			t.Errorf("warned %q, want %q", out.String(), want)
		}
	}
}
