package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
)

// A Figure is what the laps found for one case and subject.
type Figure struct {
	Suite   string  `json:"suite"`
	Case    string  `json:"case"`
	Subject string  `json:"subject"`
	Value   float64 `json:"value"` // the median of the turns
	Unit    string  `json:"unit"`
	Ratio   Ratio   `json:"ratio,omitzero"` // of another subject than ours
	Load    Load    `json:"load,omitzero"`  // medians too

	Low, High float64 `json:"-"` // between which the middle half of the turns lies
	Note      string  `json:"-"` // how the subject says it measured
}

// newFigure needs at least one lap that has the subject. What finishers found comes in laps of its own.
func newFigure(suite string, c Case, subject string, laps, finished []lap) Figure {
	f := Figure{Suite: suite, Case: c.Name, Subject: subject, Unit: c.Unit}
	var values []float64
	var loads []Load
	for i, l := range slices.Concat(laps, finished) {
		sample, has := l.samples[subject]
		if !has {
			continue
		}
		if i < len(laps) {
			values = append(values, sample.Value)
		}
		loads = append(loads, sample.Load)
		if sample.Note != "" {
			f.Note = sample.Note
		}
	}
	f.Value, f.Load = median(values), medianLoad(loads)
	slices.Sort(values)
	f.Low, f.High = values[len(values)/4], values[len(values)-1-len(values)/4]
	if subject != ours {
		f.Ratio = ratioOf(laps, subject)
	}
	return f
}

// unsteady reports turns so far apart that their median should not be quoted to two digits.
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
			fmt.Fprintf(w, "bench: %s, %s is unsteady: half of its turns lie between %s and %s %s\n",
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
