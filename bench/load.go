package main

import "cmp"

// A Load is what else a server under load showed, beside the case's value. Zero where nothing was loaded.
type Load struct {
	By        string  `json:"by,omitempty"`        // the tool that loaded, if it is not this module's client
	PerSecond float64 `json:"requests_per_second"` // of the closed loop
	Busy      float64 `json:"server_cores"`        // that the server kept busy meanwhile
	Rate      float64 `json:"open_loop_rate"`      // requests a second that the latencies are of; zero if they are of the closed loop
	P50       float64 `json:"p50_us"`
	P99       float64 `json:"p99_us"`
	P999      float64 `json:"p999_us"`
}

// medianLoad takes the median of each field of those that have it: not every turn measures all. Of none it is zero.
func medianLoad(loads []Load) Load {
	of := func(field func(Load) float64) float64 {
		var values []float64
		for _, l := range loads {
			if v := field(l); v > 0 {
				values = append(values, v)
			}
		}
		if values == nil {
			return 0
		}
		return median(values)
	}
	by := ""
	for _, l := range loads {
		by = cmp.Or(by, l.By)
	}
	return Load{
		By:        by,
		PerSecond: of(func(l Load) float64 { return l.PerSecond }),
		Busy:      of(func(l Load) float64 { return l.Busy }),
		Rate:      of(func(l Load) float64 { return l.Rate }),
		P50:       of(func(l Load) float64 { return l.P50 }),
		P99:       of(func(l Load) float64 { return l.P99 }),
		P999:      of(func(l Load) float64 { return l.P999 }),
	}
}
