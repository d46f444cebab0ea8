//go:build linux

package main

import (
	"context"
	"errors"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goaio/aio/bench/load"
)

// Every peer that is here serves every kind of case it has, byte for byte, for a moment.
func TestPeersServe(t *testing.T) {
	if err := needsTwoCores(); err != nil {
		t.Skip(err)
	}
	t.Setenv("GORACE", "atexit_sleep_ms=0") // a server built with the race detector takes a second to end
	settings := netSettings{seconds: 0.02, idle: [2]int{10, 80}, bulk: 1 << 20}
	for _, peer := range netPeers() {
		t.Run(peer.name, func(t *testing.T) {
			if _, err := peer.find(t.Context()); err != nil {
				t.Skip(err)
			}
			for _, c := range netCases() {
				if !peer.has(c) || c.Name == "echo_64" || c.load.connections == 1000 { // more of the same
					continue
				}
				c.Turn = min(c.Turn, 20*time.Millisecond)
				sample, err := measureOnce(t.Context(), settings, peer, c)
				if err != nil {
					t.Errorf("%s: %v", c.Name, err)
					continue
				}
				// A server on a busy machine may not have run at all in so short a window, nor have grown.
				if math.IsNaN(sample.Value) || math.IsInf(sample.Value, 0) || c.Unit == "GB/s" && sample.Value <= 0 {
					t.Errorf("%s: sample %+v", c.Name, sample)
				}
				if l := sample.Load; c.load.rate > 0 && (!(l.PerSecond > 0) || !(l.P50 > 0) || l.P99 < l.P50 || l.P999 < l.P99) {
					t.Errorf("%s: load %+v", c.Name, l)
				}
			}
		})
	}
}

// measureOnce has the peer take a turn at the case, and finish it.
func measureOnce(ctx context.Context, s netSettings, peer netPeer, c netCase) (sample Sample, err error) {
	contender, err := startNetCase(ctx, s, peer, c)
	if err != nil {
		return Sample{}, err
	}
	defer func() { err = errors.Join(err, contender.Stop()) }()
	if sample, err = contender.Turn(ctx); err != nil {
		return Sample{}, err
	}
	if f, ok := contender.(finisher); ok {
		finished, err := f.Finish(ctx)
		if err != nil {
			return Sample{}, err
		}
		sample.Load, sample.Note = medianLoad([]Load{sample.Load, finished.Load}), sample.Note+finished.Note
	}
	return sample, nil
}

func TestServersAreSubjectsWithKnownCases(t *testing.T) {
	var served []string
	for _, c := range slices.Concat(netCases(), httpCases()) {
		served = append(served, c.serves)
	}
	for _, server := range goServers {
		for serves := range server.serves {
			if !slices.Contains(served, serves) {
				t.Errorf("%s serves %q, which no case needs", server.name, serves)
			}
		}
	}
}

func TestStartServerTellsWhatWentWrong(t *testing.T) {
	for name, test := range map[string]struct {
		script, want string
	}{
		"ends at once":   {"echo no socket >&2; exit 3", "no socket"},
		"not a port":     {"echo listening", `"listening"`},
		"port of nobody": {"echo 0", `"0"`},
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
			if _, err := peer.find(t.Context()); err != nil {
				t.Skip(err)
			}
			command, err := peer.command(t.Context(), netCases()[0])
			if err != nil {
				t.Fatal(err)
			}
			server, err := startServer(t.Context(), false, append(command, "--loops", "1")...)
			if err != nil {
				t.Fatal(err)
			}
			if err := server.settle(t.Context()); err != nil {
				t.Error(err)
			}
			if spent, err := server.cpu(); err != nil || spent <= 0 {
				t.Errorf("spent %v, error %v", spent, err)
			}
			if err := server.stop(); err != nil {
				t.Error(err)
			}
		})
	}
}

// A server that hangs in a turn is killed at its deadline, and one that died says so.
func TestServerThatFailsInATurn(t *testing.T) {
	for name, test := range map[string]struct{ script, want string }{
		"hangs": {"echo 1; exec sleep 600", "killed"},
		"dies":  {"echo 1; echo no memory >&2; exit 3", "no memory"},
	} {
		server, err := startServer(t.Context(), false, "sh", "-c", test.script)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		contender := &loaded{asksServer{server}, server}
		if sample, err := contender.Turn(ctx); err == nil {
			t.Errorf("%s: %v", name, sample)
		}
		if err := contender.Stop(); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v, want %q", name, err, test.want)
		}
	}
}

// asksServer waits for its server in every turn, and does not look at the context.
type asksServer struct{ server *serverProcess }

func (a asksServer) Turn(context.Context) (Sample, error) {
	_, err := a.server.lines.ReadString('\n')
	return Sample{}, err
}

func (asksServer) Stop() error { return nil }

func TestIdleSaysWhatItCouldNotOpen(t *testing.T) {
	server, err := startServer(t.Context(), false, "/bin/sh", "-c", "echo 1; while read line; do echo settled; done")
	if err != nil {
		t.Fatal(err)
	}
	var opened []int
	open := func(n, first int) (io.Closer, error) {
		opened = append(opened, first, n)
		return io.NopCloser(nil), nil
	}
	limit, err := load.RaiseDescriptors(0)
	if err != nil {
		t.Fatal(err)
	}
	// No system has as many descriptors as that, whoever asks.
	sample, err := idle(t.Context(), netSettings{idle: [2]int{10, 1 << 40}}, server, open)
	if err := errors.Join(err, server.stop()); err != nil {
		t.Fatal(err)
	}
	if want := int(limit) - spareDescriptors; !slices.Equal(opened, []int{0, 1, 0, 10, 10, want - 10}) {
		t.Errorf("opened %v of %d", opened, want)
	}
	if !strings.Contains(sample.Note, "could not be raised") {
		t.Errorf("note %q", sample.Note)
	}
}

func TestParseRollup(t *testing.T) {
	got, err := parseRollup("5581-7ffd ---p 00000000 00:00 0    [rollup]\nRss:     1340 kB\nPss:      130 kB\n")
	if err != nil || got != 1340*1024 {
		t.Errorf("resident %d, error %v", got, err)
	}
	for _, bad := range []string{"", "Rss: 1340\n", "Rss: -1 kB\n", "Rss: 1340 MB\n", "Rss: 99999999999999999 kB\n"} {
		if got, err := parseRollup(bad); err == nil {
			t.Errorf("%q read as %d", bad, got)
		}
	}
}

func TestCompilerThatComplains(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	_, err := cServer{name: "broken", source: "#error on purpose", install: "libnone-dev"}.find(t.Context())
	if err == nil || !strings.Contains(err.Error(), "apt-get install gcc libc6-dev libnone-dev") {
		t.Errorf("error %v", err)
	}
}
