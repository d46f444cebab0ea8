//go:build linux

package main

import (
	"context"
	"testing"
	"time"

	"github.com/goaio/aio/bench/load"
)

// What a server does between its turns is in the account of the next, but not what it did before its first.
func TestTurnsAccountForWhatComesBetween(t *testing.T) {
	const burn = `echo 1; while read line; do i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; echo burnt; done`
	server, err := startServer(t.Context(), false, "/bin/sh", "-c", burn)
	if err != nil {
		t.Fatal(err)
	}
	burnt := func() time.Duration {
		spent, err := server.cpuOf(func() error { return server.settle(t.Context()) })
		if err != nil || spent <= 0 {
			t.Fatalf("burnt %v, error %v", spent, err)
		}
		return spent
	}
	turn := func() (spent, busy time.Duration) {
		sample, err := server.spent(func() (load.Throughput, error) { return load.Throughput{Requests: 1, Elapsed: time.Second}, nil })
		if err != nil {
			t.Fatal(err)
		}
		return time.Duration(sample.Value * 1000), time.Duration(sample.Load.Busy * float64(time.Second))
	}
	before := burnt()
	if spent, _ := turn(); spent >= before {
		t.Errorf("%v spent in a first turn of nothing, after a warm-up of %v", spent, before)
	}
	between := burnt()
	if spent, busy := turn(); spent < between || busy >= between {
		t.Errorf("%v spent, %v of it while loaded, after %v in between", spent, busy, between)
	}
	if spent, _ := turn(); spent >= between {
		t.Errorf("%v spent in a turn after nothing", spent)
	}
	if _, err := server.spent(func() (load.Throughput, error) { return load.Throughput{}, context.Canceled }); err != context.Canceled {
		t.Errorf("error %v", err)
	}
	if err := server.stop(); err != nil {
		t.Error(err)
	}
}
