package main

import "fmt"

// loadTable has a row a case and subject that was loaded; none if none was.
func loadTable(figures []Figure) string {
	rows := [][]string{{"case", "subject", "requests/s", "cores", "at /s", "p50 µs", "p99 µs", "p99.9 µs"}}
	for _, f := range figures {
		if f.Load == (Load{}) {
			continue
		}
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
	return fmt.Sprintf("%s\n%s", alignColumns(rows, 2), `requests/s: closed loop, the next message once one is answered; cores: that the server kept busy meanwhile.
at /s: messages a second of the open loop, whose latencies run from when a message was due.
`)
}
