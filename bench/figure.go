package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
)

// A Figure is the median of what the rounds found for one case and subject.
type Figure struct {
	Suite   string  `json:"suite"`
	Case    string  `json:"case"`
	Subject string  `json:"subject"`
	Value   float64 `json:"value"`
	Unit    string  `json:"unit"`
	Load    Load    `json:"load,omitzero"` // medians too

	Low, High float64 `json:"-"` // the lowest and highest round
	Note      string  `json:"-"` // how the subject says it measured
}

// newFigure needs at least one value.
func newFigure(suite string, c Case, subject string, values []float64, loads []Load, note string) Figure {
	return Figure{
		Suite: suite, Case: c.Name, Subject: subject, Value: median(values), Unit: c.Unit, Load: medianLoad(loads),
		Low: slices.Min(values), High: slices.Max(values), Note: note,
	}
}

// unsteady reports rounds so far apart that the median should not be quoted to two digits.
func (f Figure) unsteady() bool {
	return f.High-f.Low > f.Value/4
}

// median returns the middle value, or the mean of the middle two. It needs at least one value.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// warnUnsteady names the unsteady figures, which the JSON lines do not mark.
func warnUnsteady(w io.Writer, figures []Figure) {
	for _, f := range figures {
		if f.unsteady() {
			fmt.Fprintf(w, "bench: %s, %s is unsteady: its rounds found %s to %s %s\n",
				f.Case, f.Subject, formatValue(f.Low), formatValue(f.High), f.Unit)
		}
	}
}

// writeJSON writes one line a figure.
func writeJSON(w io.Writer, figures []Figure) error {
	encoder := json.NewEncoder(w)
	for _, f := range figures {
		if err := encoder.Encode(f); err != nil {
			return err
		}
	}
	return nil
}
