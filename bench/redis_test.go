//go:build linux

package main

import "testing"

// Both servers serve each case for a moment.
func TestRedisServers(t *testing.T) {
	if err := needsRedisBenchmark(); err != nil {
		t.Skip(err)
	}
	for _, server := range redisServers() {
		t.Run(server.name, func(t *testing.T) {
			if _, err := server.find(t.Context()); err != nil {
				t.Skip(err)
			}
			for _, c := range redisCases() {
				sample, err := runRedis(t.Context(), server, c, 2000)
				if err != nil || !(sample.Value > 0) {
					t.Errorf("%s: %+v, %v", c.Name, sample, err)
				}
			}
		})
	}
}

func TestParseRedisBenchmark(t *testing.T) {
	const out = "\"test\",\"rps\",\"avg_latency_ms\"\n\"SET\",\"123456.79\",\"0.2\"\n\"GET\",\"2.5\",\"0.2\"\n"
	for test, want := range map[string]float64{"set": 123456.79, "get": 2.5} {
		if got, err := parseRedisBenchmark(test, out); got != want || err != nil {
			t.Errorf("%s: %v, %v", test, got, err)
		}
	}
	for _, bad := range []string{"", "\"SET\"\n", "\"SET\",\"fast\"\n", "\"SET\",\"0\"\n", "\"GET\",\"1\"\n"} {
		if got, err := parseRedisBenchmark("set", bad); err == nil {
			t.Errorf("%q read as %v", bad, got)
		}
	}
}
