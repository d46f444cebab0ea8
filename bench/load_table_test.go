package main

import "testing"

func TestLoadTable(t *testing.T) {
	loaded := Figure{Case: "echo_4", Subject: "net", Load: Load{PerSecond: 142864.6, Busy: 0.979, Rate: 10000, P50: 53.887, P99: 121.2, P999: 3108.9}}
	got := loadTable([]Figure{loaded, {Case: "idle_tcp", Subject: "net", Value: 7800}})
	want := `case    subject  requests/s  cores   at /s  p50 µs  p99 µs  p99.9 µs
echo_4  net         142,865  0.979  10,000    53.9     121     3,109

requests/s: closed loop, the next message once one is answered; cores: that the server kept busy meanwhile.
at /s: messages a second of the open loop, whose latencies run from when a message was due.
`
	if got != want {
		t.Errorf("table\n%s\nwant\n%s", got, want)
	}
	if got := loadTable([]Figure{{Case: "yield", Subject: "aio"}}); got != "" {
		t.Errorf("table of nothing loaded: %q", got)
	}
}

// A tool that loads in a closed loop has its latencies in the same columns, and the legend says so.
func TestLoadTableOfATool(t *testing.T) {
	own := Figure{Case: "client_get", Subject: "aio", Load: Load{PerSecond: 96000, Busy: 0.99}}
	loaded := Figure{Case: "json_64", Subject: "aio", Load: Load{By: "wrk", PerSecond: 128964.6, Busy: 0.979, P50: 423, P99: 828}}
	got := loadTable([]Figure{own, loaded})
	want := `case        subject  requests/s  cores  at /s  p50 µs  p99 µs  p99.9 µs
client_get  aio          96,000  0.990      -       -       -         -
json_64     aio         128,965  0.979      -     423     828         -

requests/s: closed loop, the next message once one is answered; cores: that the server kept busy meanwhile.
at /s: messages a second of the open loop, whose latencies run from when a message was due.
Without at /s: latencies of the closed loop, as wrk has them.
`
	if got != want {
		t.Errorf("table\n%s\nwant\n%s", got, want)
	}
}

func TestMedianLoad(t *testing.T) {
	got := medianLoad([]Load{{"", 1, 10, 100, 7, 70, 700}, {"wrk", 3, 30, 300, 9, 90, 900}, {"wrk", 2, 20, 200, 8, 80, 800}})
	if want := (Load{"wrk", 2, 20, 200, 8, 80, 800}); got != want {
		t.Errorf("median %+v, want %+v", got, want)
	}
	if got := medianLoad([]Load{{PerSecond: 4}, {PerSecond: 6}, {P50: 9}}); got != (Load{PerSecond: 5, P50: 9}) {
		t.Errorf("median of fields that are measured apart %+v", got)
	}
	if got := medianLoad(nil); got != (Load{}) {
		t.Errorf("median of none %+v", got)
	}
}
