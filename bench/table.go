package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// writeTable writes a row a case and a column a subject, each with its ratio to ours, then the ratios in the other direction
// with their intervals, then the notes.
func writeTable(w io.Writer, figures []Figure, s schedule, foot string) error {
	if len(figures) == 0 {
		return nil
	}
	var cases, subjects []string
	cells := map[[2]string]Figure{}
	units := map[string]string{}
	var notes []string
	for _, f := range figures {
		if !slices.Contains(cases, f.Case) {
			cases = append(cases, f.Case)
		}
		if !slices.Contains(subjects, f.Subject) {
			subjects = append(subjects, f.Subject)
		}
		cells[[2]string{f.Case, f.Subject}] = f
		units[f.Case] = f.Unit
		if f.Note != "" {
			notes = append(notes, fmt.Sprintf("%s, %s: %s.", f.Case, f.Subject, f.Note))
		}
	}
	withRatios := slices.Contains(subjects, ours)

	rows := [][]string{{"case", "unit"}}
	for _, subject := range subjects {
		rows[0] = append(rows[0], subject)
		if withRatios && subject != ours {
			rows[0] = append(rows[0], "/"+ours)
		}
	}
	anyUnsteady := false
	for _, name := range cases {
		row := []string{name, units[name]}
		for _, subject := range subjects {
			f, ok := cells[[2]string{name, subject}]
			value, ratio := "-", "-"
			if ok {
				value = formatValue(f.Value)
				if f.unsteady() {
					value = "~" + value
					anyUnsteady = true
				}
				if f.Ratio.Value > 0 {
					ratio = formatRatio(1 / f.Ratio.Value)
				}
			}
			row = append(row, value)
			if withRatios && subject != ours {
				row = append(row, ratio)
			}
		}
		rows = append(rows, row)
	}

	var out strings.Builder
	fmt.Fprintf(&out, "%s, medians of %d alternating rounds, of %d laps where subjects take turns (-seed %d)\n\n",
		figures[0].Suite, s.rounds, s.laps, s.seed)
	out.WriteString(alignColumns(rows, 2))
	out.WriteString("\n")
	if ratios := ratioTable(figures); ratios != "" {
		out.WriteString(ratios + "\n")
	}
	if loads := loadTable(figures); loads != "" {
		out.WriteString(loads + "\n")
	}
	if withRatios {
		fmt.Fprintf(&out, "/%s: times %s's value, the median of the ratios of a lap's turns.\n", ours, ours)
	}
	if anyUnsteady {
		out.WriteString("~: the middle half of the turns is wider than a quarter of the value; how far to trust a ratio, its ± says.\n")
	}
	for _, note := range notes {
		out.WriteString(note + "\n")
	}
	out.WriteString(foot + "\n")
	_, err := io.WriteString(w, out.String())
	return err
}

// alignColumns sets the first left columns flush left and the others flush right.
func alignColumns(rows [][]string, left int) string {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var out strings.Builder
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			if i > 0 {
				line.WriteString("  ")
			}
			padding := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if i < left {
				line.WriteString(cell + padding)
			} else {
				line.WriteString(padding + cell)
			}
		}
		out.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	return out.String()
}

// formatValue keeps three significant digits below a thousand and whole, grouped numbers above.
func formatValue(v float64) string {
	if v < 999.5 {
		return formatDigits(v, 3)
	}
	digits := strconv.FormatFloat(math.Round(v), 'f', 0, 64)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// formatRatio keeps two significant digits, and never fewer than the whole part has.
func formatRatio(r float64) string {
	return "×" + formatDigits(r, 2)
}

// formatDigits writes v with about that many significant digits, at most three of them decimals.
func formatDigits(v float64, significant int) string {
	decimals := 3
	if v > 0 {
		decimals = min(max(significant-1-int(math.Floor(math.Log10(v))), 0), 3)
	}
	return strconv.FormatFloat(v, 'f', decimals, 64)
}
