//go:build linux

package main

import (
	"context"
	"runtime/debug"
	"time"

	"github.com/goaio/aio/bench/load"
)

// A closedLoop loads one server by connections that stay open from turn to turn.
type closedLoop struct {
	server *serverProcess
	client *load.Client
	turn   time.Duration
}

// Turn measures CPU and throughput.
func (l *closedLoop) Turn(context.Context) (Sample, error) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // the client makes no garbage, and its collector would stop it
	return l.server.spent(func() (load.Throughput, error) { return l.client.Closed(l.turn) })
}

func (l *closedLoop) Stop() error { return l.client.Close() }

// spent is what a request costs the server, in microseconds of its CPU, in a turn in which run loads it. The account of a turn opens
// where that of the one before closed, so what the server does once a load has ended, as a collector does, is in the next turn's. Only
// the first opens with its load: what came before is the warm-up's.
func (s *serverProcess) spent(run func() (load.Throughput, error)) (Sample, error) {
	before, err := s.cpu()
	if err != nil {
		return Sample{}, err
	}
	opened := s.accounted
	if opened == 0 {
		opened = before
	}
	throughput, err := run()
	if err != nil {
		return Sample{}, err
	}
	if s.accounted, err = s.cpu(); err != nil {
		return Sample{}, err
	}
	return Sample{
		Value: float64((s.accounted - opened).Nanoseconds()) / 1000 / float64(throughput.Requests),
		Load:  Load{PerSecond: throughput.PerSecond(), Busy: (s.accounted - before).Seconds() / throughput.Elapsed.Seconds()},
	}, nil
}
