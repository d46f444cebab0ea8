package main

// A Load is what else a server under load showed, beside the case's value. Zero where nothing was loaded.
type Load struct {
	PerSecond float64 `json:"requests_per_second"` // of the closed loop
	Busy      float64 `json:"server_cores"`        // that the server kept busy meanwhile
	Rate      float64 `json:"open_loop_rate"`      // requests a second that the latencies are of
	P50       float64 `json:"p50_us"`
	P99       float64 `json:"p99_us"`
	P999      float64 `json:"p999_us"`
}

// medianLoad takes the median of each field; of none it is zero.
func medianLoad(loads []Load) Load {
	if len(loads) == 0 {
		return Load{}
	}
	of := func(field func(Load) float64) float64 {
		values := make([]float64, len(loads))
		for i, l := range loads {
			values[i] = field(l)
		}
		return median(values)
	}
	return Load{
		PerSecond: of(func(l Load) float64 { return l.PerSecond }),
		Busy:      of(func(l Load) float64 { return l.Busy }),
		Rate:      of(func(l Load) float64 { return l.Rate }),
		P50:       of(func(l Load) float64 { return l.P50 }),
		P99:       of(func(l Load) float64 { return l.P99 }),
		P999:      of(func(l Load) float64 { return l.P999 }),
	}
}
