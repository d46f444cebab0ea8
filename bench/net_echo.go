//go:build linux

package main

import (
	"context"
	"runtime/debug"

	"github.com/goaio/aio/bench/load"
)

// runEcho measures CPU and throughput in a closed loop, then latency in an open one.
func runEcho(_ context.Context, s netSettings, c netCase, server *serverProcess) (Sample, error) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // the client makes no garbage, and its collector would stop it
	client, err := load.Dial(load.Config{
		Address: server.Address, Connections: c.load.connections, InFlight: c.load.inFlight,
		MessageSize: messageSize, Spin: c.pinned(),
	})
	if err != nil {
		return Sample{}, err
	}
	defer client.Close()
	if _, err := client.Closed(s.window() / 4); err != nil { // warms the server up
		return Sample{}, err
	}
	before, err := server.cpu()
	if err != nil {
		return Sample{}, err
	}
	throughput, err := client.Closed(s.window())
	if err != nil {
		return Sample{}, err
	}
	after, err := server.cpu()
	if err != nil {
		return Sample{}, err
	}
	latency, err := client.Open(c.load.rate, s.window())
	if err != nil {
		return Sample{}, err
	}
	micros := func(quantile float64) float64 { return float64(latency.ValueAtQuantile(quantile)) / 1000 }
	spent := after - before
	return Sample{
		Value: float64(spent.Nanoseconds()) / 1000 / float64(throughput.Requests),
		Load: Load{
			PerSecond: throughput.PerSecond(),
			Busy:      spent.Seconds() / throughput.Elapsed.Seconds(),
			Rate:      c.load.rate, P50: micros(50), P99: micros(99), P999: micros(99.9),
		},
	}, nil
}
