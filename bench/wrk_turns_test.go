//go:build linux

package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// fakeWrk is found instead of wrk: it writes its arguments, a line a run, to the file that is returned, and then runs the script.
func fakeWrk(t *testing.T, script string) (arguments string) {
	folder := t.TempDir()
	arguments = filepath.Join(folder, "arguments")
	t.Setenv("PATH", folder+":"+os.Getenv("PATH"))
	script = "#!/bin/sh\necho \"$@\" >>" + arguments + "\n" + script
	if err := os.WriteFile(filepath.Join(folder, "wrk"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	return arguments
}

// runsOf are the arguments of each run.
func runsOf(t *testing.T, arguments string) []string {
	text, err := os.ReadFile(arguments)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(text)), "\n")
}

func netHTTPPlaintext(t *testing.T) (netPeer, netCase) {
	if err := needsTwoCores(); err != nil {
		t.Skip(err)
	}
	t.Setenv("GORACE", "atexit_sleep_ms=0") // a server built with the race detector takes a second to end
	i := slices.IndexFunc(goServers, func(s goServer) bool { return s.name == "net/http" })
	return goServers[i].peer(), httpCases()[0]
}

// A turn is one run of wrk, of which the server's CPU is counted; one that is not counted comes before.
func TestTurnsOfWrk(t *testing.T) {
	arguments := fakeWrk(t, "cat <<'end'\n"+wrkOutput+"end\n")
	peer, c := netHTTPPlaintext(t)
	c.Turn = 3 * time.Second
	contender, err := startNetCase(t.Context(), netSettings{wrk: true}, peer, c)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		sample, err := contender.Turn(t.Context())
		if err != nil || sample.Value < 0 || sample.Value > 1e6 || sample.Note != "" {
			t.Errorf("%+v, error %v", sample, err)
		}
		sample.Load.Busy = 0
		sample.Load.PerSecond = float64(int(sample.Load.PerSecond*100+0.5)) / 100
		if want := (Load{By: "wrk", PerSecond: 3852.86, P50: 11670, P99: 266190}); sample.Load != want {
			t.Errorf("load %+v, want %+v", sample.Load, want)
		}
	}
	if finished, err := contender.(finisher).Finish(t.Context()); err != nil || finished != (Sample{}) {
		t.Errorf("finished %+v, error %v", finished, err)
	}
	address := contender.(*loaded).server.Address.String()
	if err := contender.Stop(); err != nil {
		t.Error(err)
	}
	turn := "-t1 -c64 --latency -d3s --timeout=4s http://" + address + "/"
	warmUp := "-t1 -c64 --latency -d1s --timeout=2s http://" + address + "/"
	if got, want := runsOf(t, arguments), []string{warmUp, turn, turn}; !slices.Equal(got, want) {
		t.Errorf("wrk was run as %q, want %q", got, want)
	}
}

// A second of real wrk is a figure, with a body too.
func TestTurnOfRealWrk(t *testing.T) {
	if !hasWrk() {
		t.Skip("apt-get install wrk")
	}
	peer, _ := netHTTPPlaintext(t)
	c := httpCases()[3]
	if c.Name != "post_4k_64" {
		t.Fatal(c.Name)
	}
	sample, err := measureOnce(t.Context(), netSettings{wrk: true}, peer, c)
	if l := sample.Load; err != nil || !(sample.Value > 0) || !(l.PerSecond > 0) || !(l.Busy > 0) || !(l.P50 > 0) || l.P99 < l.P50 {
		t.Errorf("%+v, error %v", sample, err)
	}
}

func TestWrkThatFails(t *testing.T) {
	peer, c := netHTTPPlaintext(t)
	fakeWrk(t, "echo out of memory; exit 1\n")
	if contender, err := startNetCase(t.Context(), netSettings{wrk: true}, peer, c); err == nil || !strings.Contains(err.Error(), "out of memory") {
		t.Errorf("%v, error %v", contender, err)
	}
	fakeWrk(t, "exec sleep 600\n")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errDied)
	if _, err := (wrkLoad{connections: 1}).run(ctx, wrkLeast); !errors.Is(err, errDied) {
		t.Errorf("error %v of a run without time", err)
	}
}

func TestWrkIsChosen(t *testing.T) {
	fakeWrk(t, "exit 1\n")
	for _, test := range []struct {
		arguments string
		laps      int
		turn      time.Duration
		wrong     string
	}{
		{arguments: "-load wrk", laps: wrkLaps},
		{arguments: "-load wrk -laps 12", laps: 12},
		{arguments: "-laps 12 -load wrk -turn 2s", laps: 12, turn: 2 * time.Second},
		{arguments: "", laps: 12},
		{arguments: "-load own -turn 50ms", laps: 12, turn: 50 * time.Millisecond},
		{arguments: "-load wrk -turn 1500ms", wrong: "whole seconds"},
		{arguments: "-load wrk -turn 100ms", wrong: "whole seconds"},
		{arguments: "-load wrk -laps 0", wrong: "needs a lap"},
		{arguments: "-load ab", wrong: "not own or wrk"},
	} {
		o, err := parseOptions(httpSuite(), strings.Fields(test.arguments), io.Discard)
		if test.wrong != "" {
			if !errors.As(err, new(usageError)) || !strings.Contains(err.Error(), test.wrong) {
				t.Errorf("%q: error %v, want %q", test.arguments, err, test.wrong)
			}
		} else if err != nil || o.schedule.laps != test.laps || o.schedule.turn != test.turn {
			t.Errorf("%q: %+v, error %v", test.arguments, o.schedule, err)
		}
	}
	for _, suite := range suites() {
		if _, err := parseOptions(suite, []string{"-load", "wrk"}, io.Discard); (err == nil) != (suite.Name == "http") {
			t.Errorf("%s: error %v", suite.Name, err)
		}
	}
	t.Setenv("PATH", t.TempDir())
	if _, err := parseOptions(httpSuite(), []string{"-load", "wrk"}, io.Discard); err == nil || !strings.Contains(err.Error(), "apt-get install wrk") {
		t.Errorf("error %v without wrk", err)
	}
}
