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

// spent is what a request costs the server, in microseconds of its CPU, while run loads it: of all requests that it counts, and
// it leaves none for later.
func (s *serverProcess) spent(run func() (load.Throughput, error)) (Sample, error) {
	var throughput load.Throughput
	spent, err := s.cpuOf(func() (err error) {
		throughput, err = run()
		return err
	})
	if err != nil {
		return Sample{}, err
	}
	return Sample{
		Value: float64(spent.Nanoseconds()) / 1000 / float64(throughput.Requests),
		Load:  Load{PerSecond: throughput.PerSecond(), Busy: spent.Seconds() / throughput.Elapsed.Seconds()},
	}, nil
}
