//go:build linux

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"slices"
	"time"

	"github.com/goaio/aio/bench/load"
)

// wrkLaps are fewer than the suite's, for wrk's turns are ten times as long: a case with six subjects still ends within two and a half
// minutes.
const wrkLaps = 5

// loadFlag adds the choice of what loads the servers.
func (s *netSettings) loadFlag(flags *flag.FlagSet) {
	flags.Func("load", fmt.Sprintf("`client` that loads plaintext_*, json_64 and post_4k_64: own, this module's, or wrk, in turns of one second\n"+
		"or of the whole seconds that -turn says, and with %d laps unless -laps is given; client_get, idle_* and room_1000\n"+
		"keep their own load (default own)", wrkLaps),
		func(client string) error {
			s.wrk = client == "wrk"
			switch {
			case client != "own" && client != "wrk":
				return errors.New("not own or wrk")
			case s.wrk && !hasWrk():
				return errors.New("wrk is not installed: apt-get install wrk")
			}
			return nil
		})
}

// wrkSchedule fits the schedule to turns of wrk, if they are to be.
func (s *netSettings) wrkSchedule(turns *schedule, given []string) error {
	if !s.wrk {
		return nil
	}
	if turns.turn%wrkLeast != 0 {
		return fmt.Errorf("-turn %v: wrk loads for whole seconds", turns.turn)
	}
	if !slices.Contains(given, "laps") {
		turns.laps = wrkLaps
	}
	return nil
}

// A wrkContender has wrk load one server in turns. Each run opens its connections and leaves them: that is in the server's CPU too,
// as is what wrk has not waited for at its end and does not count, a request a connection at most.
type wrkContender struct {
	wrk    wrkLoad
	server *serverProcess
	turn   time.Duration
}

// startWrk has wrk load the server once without counting it.
func startWrk(ctx context.Context, wrk wrkLoad, c netCase, server *serverProcess) (Contender, error) {
	if _, err := wrk.run(ctx, wrkLeast); err != nil {
		return nil, err
	}
	return &wrkContender{wrk, server, max(c.Turn, wrkLeast)}, nil
}

func (w *wrkContender) Turn(ctx context.Context) (Sample, error) {
	var result wrkResult
	sample, err := w.server.spent(func() (_ load.Throughput, err error) {
		if result, err = w.wrk.run(ctx, w.turn); err != nil {
			return load.Throughput{}, err
		}
		return result.throughput(), nil
	})
	if err != nil {
		return Sample{}, err
	}
	sample.Load.By = "wrk"
	sample.Load.P50, sample.Load.P99 = float64(result.p50.Nanoseconds())/1000, float64(result.p99.Nanoseconds())/1000
	return sample, nil
}

func (*wrkContender) Stop() error { return nil }
