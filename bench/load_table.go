package main

import "fmt"

// loadTable has a row a case and subject that was loaded; none if none was.
func loadTable(figures []Figure) string {
	rows := [][]string{{"case", "subject", "requests/s", "cores", "at /s", "p50 µs", "p99 µs", "p99.9 µs"}}
	for _, f := range figures {
		if f.Load == (Load{}) {
			continue
		}
		rows = append(rows, []string{
			f.Case, f.Subject, formatValue(f.Load.PerSecond), formatDigits(f.Load.Busy, 3), formatValue(f.Load.Rate),
			formatValue(f.Load.P50), formatValue(f.Load.P99), formatValue(f.Load.P999),
		})
	}
	if len(rows) == 1 {
		return ""
	}
	return fmt.Sprintf("%s\n%s", alignColumns(rows, 2), `requests/s: closed loop, the next message once one is answered; cores: that the server kept busy meanwhile.
at /s: messages a second of the open loop, whose latencies run from when a message was due.
`)
}
