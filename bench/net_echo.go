//go:build linux

package main

import (
	"context"
	"errors"
	"runtime/debug"
	"time"

	"github.com/goaio/aio/bench/load"
)

// An echoContender has an echo server in a closed loop, and at the end of the round in an open one.
type echoContender struct {
	closedLoop
	rate    float64
	latency time.Duration // how long latencies are measured
}

func startEcho(_ context.Context, s netSettings, c netCase, server *serverProcess) (Contender, error) {
	client, err := load.Dial(load.Config{
		Address: server.Address, Connections: c.load.connections, InFlight: c.load.inFlight,
		MessageSize: messageSize, Spin: c.pinned(),
	})
	if err != nil {
		return nil, err
	}
	if _, err := client.Closed(2 * c.Turn); err != nil { // warms the server up
		return nil, errors.Join(err, client.Close())
	}
	return &echoContender{closedLoop{server, client, c.Turn}, c.load.rate, s.window()}, nil
}

// Finish measures latency.
func (e *echoContender) Finish(context.Context) (Sample, error) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	latency, err := e.client.Open(e.rate, e.latency)
	if err != nil {
		return Sample{}, err
	}
	micros := func(quantile float64) float64 { return float64(latency.ValueAtQuantile(quantile)) / 1000 }
	return Sample{Load: Load{Rate: e.rate, P50: micros(50), P99: micros(99), P999: micros(99.9)}}, nil
}
