//go:build linux

package main

import (
	"strings"
	"testing"
	"time"
)

const wrkOutput = `Running 1s test @ http://127.0.0.1:40397/
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency    38.25ms   62.13ms 282.84ms   88.43%
  Latency Distribution
     50%   11.67ms
     75%   34.21ms
     90%  132.90ms
     99%  266.19ms
  4104 requests in 1.07s, 649.27KB read
Requests/sec:   3852.86
`

func TestWrksFiguresAreRead(t *testing.T) {
	r, err := parseWrk(wrkOutput)
	if want := (wrkResult{4104, 3852.86, 11670 * time.Microsecond, 266190 * time.Microsecond}); err != nil || r != want {
		t.Errorf("got %v, %v", r, err)
	}
	for _, out := range []string{"", strings.Replace(wrkOutput, "11.67ms", "11.67xs", 1), wrkOutput + "  Non-2xx or 3xx responses: 7\n", wrkOutput + "  Socket errors: connect 1\n"} {
		if r, err := parseWrk(out); err == nil {
			t.Errorf("%q: got %v", out, r)
		}
	}
	if _, err := parseWrk("0 requests in 1s\nRequests/sec: 0.00\n"); err == nil || !strings.Contains(err.Error(), "no request") {
		t.Errorf("got %v", err)
	}
}
