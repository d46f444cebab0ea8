//go:build linux

package main

import (
	"slices"
	"strings"
	"testing"
)

func netPeerNamed(t *testing.T, name string) netPeer {
	t.Helper()
	peers := netPeers()
	i := slices.IndexFunc(peers, func(p netPeer) bool { return p.name == name })
	if i < 0 {
		t.Fatalf("no peer %s", name)
	}
	return peers[i]
}

// Every peer that is here serves every case it has, byte for byte, on a load of a moment.
func TestPeersServe(t *testing.T) {
	if err := needsTwoCores(); err != nil {
		t.Skip(err)
	}
	t.Setenv("GORACE", "atexit_sleep_ms=0") // a server built with the race detector takes a second to end
	for _, peer := range netPeers() {
		t.Run(peer.name, func(t *testing.T) {
			if _, err := peer.find(); err != nil {
				t.Skip(err)
			}
			for _, c := range netCases() {
				if !peer.has(c) {
					continue
				}
				sample, err := runNetCase(t.Context(), netSettings{seconds: 0.02}, peer, c)
				if err != nil {
					t.Errorf("%s: %v", c.Name, err)
					continue
				}
				if l := sample.Load; sample.Case != c.Name || !(sample.Value > 0) ||
					!(l.PerSecond > 0) || !(l.P50 > 0) || l.P99 < l.P50 || l.P999 < l.P99 {
					t.Errorf("%s: sample %+v", c.Name, sample)
				}
			}
		})
	}
}

func TestServersAreSubjectsWithKnownCases(t *testing.T) {
	var served []string
	for _, c := range netCases() {
		served = append(served, c.serves)
	}
	for name, servers := range netServers {
		netPeerNamed(t, name)
		for serves := range servers {
			if !slices.Contains(served, serves) {
				t.Errorf("%s serves %q, which no case needs", name, serves)
			}
		}
	}
}

func TestStartServerTellsWhatWentWrong(t *testing.T) {
	for name, test := range map[string]struct {
		script, want string
	}{
		"ends at once":   {"echo no socket >&2; exit 3", "no socket"},
		"not a port":     {"echo listening", `"listening\n"`},
		"port of nobody": {"echo 0", `"0\n"`},
	} {
		t.Run(name, func(t *testing.T) {
			server, err := startServer(t.Context(), false, "/bin/sh", "-c", test.script)
			if err == nil {
				t.Fatalf("started %+v", server)
			}
			if !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %q, want %q", err, test.want)
			}
		})
	}
}

func TestServerEndsWithItsStandardInput(t *testing.T) {
	for _, peer := range netPeers() {
		t.Run(peer.name, func(t *testing.T) {
			if _, err := peer.find(); err != nil {
				t.Skip(err)
			}
			command, err := peer.command(netCases()[0])
			if err != nil {
				t.Fatal(err)
			}
			server, err := startServer(t.Context(), false, append(command, "--loops", "1")...)
			if err != nil {
				t.Fatal(err)
			}
			if err := server.settle(); err != nil {
				t.Error(err)
			}
			if spent, err := server.cpu(); err != nil || spent <= 0 {
				t.Errorf("spent %v, error %v", spent, err)
			}
			if err := server.stop(nil); err != nil {
				t.Error(err)
			}
		})
	}
}
