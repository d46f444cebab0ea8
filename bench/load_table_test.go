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

func TestMedianLoad(t *testing.T) {
	got := medianLoad([]Load{{1, 10, 100, 7, 70, 700}, {3, 30, 300, 9, 90, 900}, {2, 20, 200, 8, 80, 800}})
	if want := (Load{2, 20, 200, 8, 80, 800}); got != want {
		t.Errorf("median %+v, want %+v", got, want)
	}
	if got := medianLoad([]Load{{PerSecond: 4}, {PerSecond: 6}, {P50: 9}}); got != (Load{PerSecond: 5, P50: 9}) {
		t.Errorf("median of fields that are measured apart %+v", got)
	}
	if got := medianLoad(nil); got != (Load{}) {
		t.Errorf("median of none %+v", got)
	}
}
