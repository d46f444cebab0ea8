//go:build linux

package main

import (
	"context"
	"errors"
	"runtime/debug"
	"time"

	"github.com/goaio/aio/bench/load"
)

// An echoContender loads one echo server by connections that stay open from turn to turn.
type echoContender struct {
	load    echoLoad
	turn    time.Duration
	latency time.Duration // how long latencies are measured
	server  *serverProcess
	client  *load.Client
}

func startEcho(_ context.Context, s netSettings, c netCase, server *serverProcess) (Contender, error) {
	client, err := load.Dial(load.Config{
		Address: server.Address, Connections: c.load.connections, InFlight: c.load.inFlight,
		MessageSize: messageSize, Spin: c.pinned(),
	})
	if err != nil {
		return nil, err
	}
	e := &echoContender{c.load, c.Turn, s.window(), server, client}
	if _, err := client.Closed(2 * c.Turn); err != nil { // warms the server up
		return nil, errors.Join(err, client.Close())
	}
	return e, nil
}

// Turn measures CPU and throughput in a closed loop.
func (e *echoContender) Turn(context.Context) (Sample, error) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // the client makes no garbage, and its collector would stop it
	return e.server.loaded(func() (load.Throughput, error) { return e.client.Closed(e.turn) })
}

// Finish measures latency in an open loop.
func (e *echoContender) Finish(context.Context) (Sample, error) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	latency, err := e.client.Open(e.load.rate, e.latency)
	if err != nil {
		return Sample{}, err
	}
	micros := func(quantile float64) float64 { return float64(latency.ValueAtQuantile(quantile)) / 1000 }
	return Sample{Load: Load{Rate: e.load.rate, P50: micros(50), P99: micros(99), P999: micros(99.9)}}, nil
}

func (e *echoContender) Stop() error { return e.client.Close() }

// loaded is what a request costs the server, in microseconds of its CPU, while run loads it: all requests that it counts, and
// none that it leaves for later.
func (s *serverProcess) loaded(run func() (load.Throughput, error)) (Sample, error) {
	before, err := s.cpu()
	if err != nil {
		return Sample{}, err
	}
	throughput, err := run()
	if err != nil {
		return Sample{}, err
	}
	after, err := s.cpu()
	if err != nil {
		return Sample{}, err
	}
	spent := after - before
	return Sample{
		Value: float64(spent.Nanoseconds()) / 1000 / float64(throughput.Requests),
		Load:  Load{PerSecond: throughput.PerSecond(), Busy: spent.Seconds() / throughput.Elapsed.Seconds()},
	}, nil
}
