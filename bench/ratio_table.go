package main

import (
	"fmt"
	"math"
	"slices"
)

// ratioTable has a row a case and a column a subject: our value over the subject's, which is how aims are put. None if there is
// no ratio.
func ratioTable(figures []Figure) string {
	head := []string{ours + " of"}
	rows := map[string][]string{}
	var cases []string
	for _, f := range figures {
		if f.Ratio == (Ratio{}) {
			continue
		}
		if !slices.Contains(head, f.Subject) {
			head = append(head, f.Subject)
		}
		if !slices.Contains(cases, f.Case) {
			cases = append(cases, f.Case)
		}
	}
	if cases == nil {
		return ""
	}
	for _, name := range cases {
		rows[name] = append([]string{name}, slices.Repeat([]string{"-"}, len(head)-1)...)
	}
	for _, f := range figures {
		if f.Ratio != (Ratio{}) {
			rows[f.Case][slices.Index(head, f.Subject)] = f.Ratio.String()
		}
	}
	table := [][]string{head}
	for _, name := range cases {
		table = append(table, rows[name])
	}
	return fmt.Sprintf("%s\n%s", alignColumns(table, 1),
		ours+" of: its value over the other's. ±: as far as the true median may lie from it, with a confidence of 95 % from six laps on.\n")
}

// String is the ratio and how far the farther end of its interval is from it, to three digits of the ratio.
func (r Ratio) String() string {
	decimals := min(max(2-int(math.Floor(math.Log10(r.Value))), 0), 5)
	scale := math.Pow10(decimals)
	farther := max(r.High-r.Value, r.Value-r.Low)
	return fmt.Sprintf("%.*f ±%.*f", decimals, r.Value, decimals, max(0, math.Ceil(farther*scale-1e-6))/scale)
}
