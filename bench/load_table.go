package main

import (
	"cmp"
	"fmt"
)

// loadTable has a row a case and subject that was loaded; none if none was.
func loadTable(figures []Figure) string {
	rows := [][]string{{"case", "subject", "requests/s", "cores", "at /s", "p50 µs", "p99 µs", "p99.9 µs"}}
	by := ""
	for _, f := range figures {
		if f.Load == (Load{}) {
			continue
		}
		by = cmp.Or(by, f.Load.By)
		row := []string{f.Case, f.Subject, formatValue(f.Load.PerSecond), formatDigits(f.Load.Busy, 3)}
		for _, v := range []float64{f.Load.Rate, f.Load.P50, f.Load.P99, f.Load.P999} {
			if v == 0 {
				row = append(row, "-")
			} else {
				row = append(row, formatValue(v))
			}
		}
		rows = append(rows, row)
	}
	if len(rows) == 1 {
		return ""
	}
	legend := `requests/s: closed loop, the next message once one is answered; cores: that the server kept busy meanwhile.
at /s: messages a second of the open loop, whose latencies run from when a message was due.
`
	if by != "" {
		legend += fmt.Sprintf("Without at /s: latencies of the closed loop, as %s has them.\n", by)
	}
	return fmt.Sprintf("%s\n%s", alignColumns(rows, 2), legend)
}
