//go:build linux

package main

import (
	"net"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Both servers take turns at each case for a moment, and tell when they died.
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
				c.Turn = 20 * time.Millisecond
				contender, err := startRedis(t.Context(), server, c)
				if err != nil {
					t.Fatalf("%s: %v", c.Name, err)
				}
				sample, err := contender.Turn(t.Context())
				if err != nil || !(sample.Value > 0) {
					t.Errorf("%s: %+v, %v", c.Name, sample, err)
				}
				if c.Name == "set_p1" {
					_ = contender.(*redisContender).server.process.Process.Signal(syscall.SIGABRT)
					listensNot(contender.(*redisContender).server.Address.String())
					if sample, err := contender.Turn(t.Context()); err == nil {
						t.Errorf("a dead server: %+v", sample)
					}
					if err := contender.Stop(); err == nil || !strings.Contains(err.Error(), "by itself") {
						t.Errorf("error %v of a server that had ended", err)
					}
				} else if err := contender.Stop(); err != nil {
					t.Errorf("%s: %v", c.Name, err)
				}
			}
		})
	}
}

// listensNot waits until nobody does.
func listensNot(address string) {
	for {
		c, err := net.Dial("tcp", address)
		if err != nil {
			return
		}
		_ = c.Close()
		time.Sleep(time.Millisecond)
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
