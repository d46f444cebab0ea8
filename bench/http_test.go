//go:build linux

package main

import (
	"strings"
	"testing"
	"time"
)

// Every HTTP server that is here answers every request of the suite as it should, for a moment.
func TestHTTPPeersServe(t *testing.T) {
	if err := needsTwoCores(); err != nil {
		t.Skip(err)
	}
	t.Setenv("GORACE", "atexit_sleep_ms=0") // a server built with the race detector takes a second to end
	settings := netSettings{seconds: 0.02, idle: [2]int{10, 80}}
	for _, peer := range httpPeers() {
		t.Run(peer.name, func(t *testing.T) {
			if _, err := peer.find(t.Context()); err != nil {
				t.Skip(err)
			}
			for _, c := range httpCases() {
				if c.turns == nil || !peer.has(c) || c.load.connections > 64 {
					continue
				}
				c.Turn = 20 * time.Millisecond
				contender, err := startNetCase(t.Context(), settings, peer, c)
				if err != nil {
					t.Errorf("%s: %v", c.Name, err)
					continue
				}
				sample, err := contender.Turn(t.Context())
				if err != nil || !(sample.Load.PerSecond > 0) {
					t.Errorf("%s: sample %+v, error %v", c.Name, sample, err)
				}
				if peer.name == ours && c.Name == "post_4k_64" && hasWrk() {
					finished, err := contender.(finisher).Finish(t.Context())
					if err != nil || !strings.Contains(finished.Note, "requests/s") {
						t.Errorf("wrk: %+v, error %v", finished, err)
					}
				}
				if err := contender.Stop(); err != nil {
					t.Errorf("%s: %v", c.Name, err)
				}
			}
		})
	}
}

// A server that answers something else is no figure.
func TestHTTPRequestRefusesAnotherAnswer(t *testing.T) {
	i := 0
	for ; goServers[i].name != "net/http"; i++ {
	}
	peer := goServers[i].peer()
	for _, c := range httpCases() {
		if c.turns == nil || c.serves == "client" {
			continue
		}
		other := c
		other.serves = map[string]string{"plaintext": "json", "json": "post", "post": "plaintext"}[c.serves]
		contender, err := startNetCase(t.Context(), netSettings{}, peer, other)
		if err == nil || !strings.Contains(err.Error(), "the body is") {
			t.Errorf("%s: %v, error %v", c.Name, contender, err)
		}
	}
}

func TestHTTPChecks(t *testing.T) {
	for _, test := range []struct {
		check     func([]byte) error
		well, ill string
	}{
		{isHello, "Hello, World!", "Hello, World"},
		{isGreeting, `{"message": "Hello, World!", "numbers": [1, 2, 3]}`, `{"message": "Hello, World!", "numbers": [1, 2]}`},
		{isCount, "4096", "4095"},
	} {
		if err := test.check([]byte(test.well)); err != nil {
			t.Errorf("%q: %v", test.well, err)
		}
		if test.check([]byte(test.ill)) == nil {
			t.Errorf("%q is taken", test.ill)
		}
	}
}
