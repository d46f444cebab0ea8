//go:build linux

package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/goaio/aio/bench/load"
)

// spareDescriptors are what a process needs beside its connections.
const spareDescriptors = 200

// descriptors are what all connections need.
func descriptors(s netSettings) uint64 { return uint64(s.idle[1] + spareDescriptors) }

// opener opens n idle connections, numbered from first on, each used once.
type opener func(n, first int) (io.Closer, error)

func runIdleTCP(ctx context.Context, s netSettings, _ netCase, server *serverProcess) (Sample, error) {
	return idle(ctx, s, server, func(n, first int) (io.Closer, error) {
		return load.Dial(load.Config{
			Address: server.Address, Connections: n, First: first, InFlight: 1, MessageSize: messageSize,
		})
	})
}

func runIdleTLS(ctx context.Context, s netSettings, _ netCase, server *serverProcess) (Sample, error) {
	identity, err := serverIdentity()
	if err != nil {
		return Sample{}, err
	}
	config := &tls.Config{
		RootCAs: identity.roots, ServerName: "127.0.0.1", MinVersion: tls.VersionTLS13,
		CurvePreferences: []tls.CurveID{tls.X25519}, // the memory is measured, not the handshake
	}
	return idle(ctx, s, server, func(n, first int) (io.Closer, error) {
		return load.DialTLS(ctx, server.Address, n, first, messageSize, config)
	})
}

// idle measures how much more memory the server has with all connections than with none.
func idle(ctx context.Context, s netSettings, server *serverProcess, open opener) (sample Sample, err error) {
	few, all := s.idle[0], s.idle[1]
	wanted := all
	limit, err := load.RaiseDescriptors(descriptors(s))
	if err != nil {
		return Sample{}, err
	}
	if room := int(limit) - spareDescriptors; room < all {
		all = room
	}
	if all <= few {
		return Sample{}, fmt.Errorf("a limit of %d descriptors is too few for more than %d connections", limit, few)
	}
	one, err := open(1, 0) // what the first connection of a server's life costs is no other's
	if err != nil {
		return Sample{}, err
	}
	if err := one.Close(); err != nil {
		return Sample{}, err
	}
	var resident [3]float64
	for i, upTo := range []int{0, few, all} {
		before := []int{0, 0, few}[i]
		if upTo > before {
			connections, err := open(upTo-before, before)
			if err != nil {
				return Sample{}, err
			}
			defer func() { err = errors.Join(err, connections.Close()) }()
		}
		if err := server.settle(ctx); err != nil {
			return Sample{}, err
		}
		bytes, err := server.resident()
		if err != nil {
			return Sample{}, err
		}
		resident[i] = float64(bytes)
	}
	note := fmt.Sprintf("%s connections; the slope from %s on is %s B",
		formatValue(float64(all)), formatValue(float64(few)), formatValue((resident[2]-resident[1])/float64(all-few)))
	if all < wanted {
		note += fmt.Sprintf(", and a limit of %d descriptors, which could not be raised, kept it from %s",
			limit, formatValue(float64(wanted)))
	}
	return Sample{Value: (resident[2] - resident[0]) / float64(all), Note: note}, nil
}

// resident is the server's resident set, counted page by page: statm is only about right.
func (s *serverProcess) resident() (uint64, error) {
	rollup, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", s.process.Process.Pid))
	if err != nil {
		return 0, fmt.Errorf("resident memory: %w", err)
	}
	return parseRollup(string(rollup))
}

func parseRollup(rollup string) (uint64, error) {
	for line := range strings.Lines(rollup) {
		fields := strings.Fields(line)
		if len(fields) == 3 && fields[0] == "Rss:" && fields[2] == "kB" {
			kilobytes, err := strconv.ParseUint(fields[1], 10, 44)
			if err != nil {
				return 0, fmt.Errorf("resident memory: %w", err)
			}
			return kilobytes * 1024, nil
		}
	}
	return 0, fmt.Errorf("resident memory: no Rss in %q", rollup)
}
