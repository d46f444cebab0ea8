//go:build linux

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/goaio/aio/bench/load"
)

// The net suite loads an echo server of each peer with the generator in load/.

// A netCase is a case with what it takes to run it.
type netCase struct {
	Case
	serves string // what the server is started for: echo, tls, file or proxy
	loops  int
	load   echoLoad
	run    netRun   // measures once, on a fresh server
	turns  netTurns // or begins to take turns
}

type (
	netRun   func(ctx context.Context, s netSettings, c netCase, server *serverProcess) (Sample, error)
	netTurns func(ctx context.Context, s netSettings, c netCase, server *serverProcess) (Contender, error)
)

// netTurn is long enough for its two ends, where the server is not fully loaded, to count for little.
const netTurn = 80 * time.Millisecond

// An echoLoad is the traffic of an echo case.
type echoLoad struct {
	connections, inFlight int
	rate                  float64 // messages a second of the open loop
}

// messageSize is the bytes of a message.
const messageSize = 64

// pinned reports whether server and client have a core each.
func (c netCase) pinned() bool { return c.loops == 1 }

type netSettings struct {
	seconds float64       // of each window that is no turn
	idle    [2]int        // connections: few, for the slope, and all
	bulk    int64         // bytes of a transfer
	warmUp  time.Duration // of an HTTP server
	wrk     bool          // loads HTTP servers in turns, instead of our own client
}

func defaultNetSettings() *netSettings {
	return &netSettings{seconds: 0.75, idle: [2]int{2_000, 18_000}, bulk: 1 << 30, warmUp: httpWarmUp}
}

func (s netSettings) window() time.Duration { return time.Duration(s.seconds * float64(time.Second)) }

// A netPeer is a subject of the suite: how to start its server.
type netPeer struct {
	name    string
	find    func(context.Context) (version string, err error)
	has     func(netCase) bool
	command func(context.Context, netCase) ([]string, error)
}

func netPeers() []netPeer {
	var peers []netPeer
	for _, server := range goServers {
		if server.serves["plaintext"] == nil || server.serves["echo"] != nil {
			peers = append(peers, server.peer())
		}
	}
	return append(peers,
		pythonServer("asyncio"),
		pythonServer("uvloop"),
		cServer{name: "libuv", source: libuvSource, library: "uv", install: "libuv1-dev", mostLoops: 1}.peer(),
		cServer{name: "c-epoll", source: epollSource, mostLoops: 2}.peer(),
		cServer{name: "c-uring", source: uringSource, library: "uring", install: "liburing-dev", mostLoops: 2, needs: needsRing}.peer(),
	)
}

func netCases() []netCase {
	echo := func(name string, loops int, l echoLoad, what string) netCase {
		return netCase{
			Case:   Case{Name: name, Unit: "µs", Turn: netTurn, What: "server CPU of a 64-byte echo: " + what, Needs: needsTwoCores},
			serves: "echo", loops: loops, load: l, turns: startEcho,
		}
	}
	idle := func(name, serves string, run netRun, what string) netCase {
		return netCase{
			Case:   Case{Name: name, Unit: "B", What: what, Needs: needsTwoCores},
			serves: serves, loops: 1, run: run,
		}
	}
	transfer := func(name, serves string, turns netTurns, what string) netCase {
		return netCase{
			Case:   Case{Name: name, Unit: "GB/s", Turn: bulkTurn, What: what, Needs: needsTwoCores},
			serves: serves, loops: 1, turns: turns,
		}
	}
	return []netCase{
		echo("echo_4", 1, echoLoad{4, 1, 10_000}, "4 connections, one message in flight each"),
		echo("echo_64", 1, echoLoad{64, 1, 10_000}, "64 connections"),
		echo("echo_1000", 1, echoLoad{1000, 1, 10_000}, "1,000 connections"),
		echo("echo_64_p16", 1, echoLoad{64, 16, 50_000}, "64 connections, 16 messages in flight each"),
		echo("echo_1000_p16", 1, echoLoad{1000, 16, 50_000}, "1,000 connections, 16 in flight each"),
		echo("echo_64_2loops", 2, echoLoad{64, 1, 10_000}, "64 connections, two loops, nothing pinned"),
		idle("idle_tcp", "echo", runIdleTCP, "memory of an idle connection among 18,000, after one echo"),
		idle("idle_tls", "tls", runIdleTLS, "the same over TLS 1.3"),
		transfer("sendfile_1g", "file", startFile, "a file of 1 GiB sent to one connection; more is better"),
		transfer("splice_1g", "proxy", startProxy, "1 GiB through a proxy; more is better"),
	}
}

// netSuites are the suites with servers, on systems that can run them.
func netSuites() []Suite {
	return []Suite{
		loadSuite("net", "echo servers under load: CPU a request, latency, memory of idle connections", netCases(), netPeers(), defaultNetSettings()),
		httpSuite(),
		redisSuite(),
	}
}

// loadSuite is a suite whose subjects are servers. Its flags write to the settings.
func loadSuite(name, what string, cases []netCase, peers []netPeer, settings *netSettings) Suite {
	suite := Suite{
		Name: name,
		What: what,
		Laps: 12,
		Flags: func(flags *flag.FlagSet) {
			flags.Func("seconds", "how long latencies and what takes no turns are measured, 0.1 to 30 (default 0.75)", func(text string) error {
				_, err := fmt.Sscanf(text, "%g", &settings.seconds)
				if err != nil || !(settings.seconds >= 0.1 && settings.seconds <= 30) {
					return fmt.Errorf("not from 0.1 to 30")
				}
				return nil
			})
		},
	}
	for _, c := range cases {
		suite.Cases = append(suite.Cases, c.Case)
	}
	for _, peer := range peers {
		suite.Subjects = append(suite.Subjects, Subject{
			Name: peer.name,
			Find: peer.find,
			Start: func(ctx context.Context, named Case) (Contender, error) {
				c := cases[slices.IndexFunc(cases, func(c netCase) bool { return c.Name == named.Name })]
				c.Case = named
				if !peer.has(c) {
					return nil, nil
				}
				return startNetCase(ctx, *settings, peer, c)
			},
		})
	}
	return suite
}

// startPeer starts a server for the case. When the case is pinned, this process then has the client's core.
func startPeer(ctx context.Context, s netSettings, peer netPeer, c netCase) (*serverProcess, error) {
	command, err := peer.command(ctx, c)
	if err != nil {
		return nil, err
	}
	if _, err := load.RaiseDescriptors(descriptors(s)); err != nil { // the server gets the limit too
		return nil, err
	}
	options, sink, err := serverOptions(s, c)
	if err != nil {
		return nil, err
	}
	server, err := startServer(ctx, c.pinned(), append(command, options...)...)
	if err == nil && c.pinned() {
		err = pinClient()
		if err != nil {
			err = errors.Join(err, server.stop())
		}
	}
	if err != nil {
		if sink != nil {
			sink.Close()
		}
		return nil, err
	}
	server.sink = sink
	return server, nil
}

// stop ends the server and lets this process have all cores again.
func (s *serverProcess) stop() error {
	if s.sink != nil {
		s.sink.Close()
	}
	return errors.Join(s.child.stop(), unpinClient())
}

// startNetCase starts a server that lives through a round, or one that measures on a server of its own each time.
func startNetCase(ctx context.Context, s netSettings, peer netPeer, c netCase) (Contender, error) {
	if c.turns == nil {
		return fresh(func(ctx context.Context) (_ Sample, err error) {
			server, err := startPeer(ctx, s, peer, c)
			if err != nil {
				return Sample{}, err
			}
			defer func() { err = errors.Join(err, server.stop()) }()
			defer server.killWith(ctx)()
			return c.run(ctx, s, c, server)
		}), nil
	}
	server, err := startPeer(ctx, s, peer, c)
	if err != nil {
		return nil, err
	}
	defer server.killWith(ctx)()
	contender, err := c.turns(ctx, s, c, server)
	if err != nil {
		return nil, errors.Join(err, server.stop())
	}
	return &loaded{contender, server}, nil
}

// loaded is a server that is loaded in turns.
type loaded struct {
	Contender
	server *serverProcess
}

func (l *loaded) Turn(ctx context.Context) (Sample, error) {
	defer l.server.killWith(ctx)()
	return l.Contender.Turn(ctx)
}

func (l *loaded) Finish(ctx context.Context) (Sample, error) {
	defer l.server.killWith(ctx)()
	if f, ok := l.Contender.(finisher); ok {
		return f.Finish(ctx)
	}
	return Sample{}, nil
}

func (l *loaded) Stop() error { return errors.Join(l.Contender.Stop(), l.server.stop()) }

// serverOptions are the arguments of a case's server, and what a proxy's connects to.
func serverOptions(s netSettings, c netCase) (options []string, sink *load.Sink, err error) {
	options = []string{"--loops", strconv.Itoa(c.loops)}
	switch c.serves {
	case "tls", "https":
		identity, err := serverIdentity()
		return append(options, "--identity", identity.path), nil, err
	case "file":
		file, err := bulkFile(s.bulk)
		if err != nil {
			return nil, nil, err
		}
		return append(options, "--file", memoryPath(file)), nil, nil
	case "proxy":
		sink, err := load.NewSink()
		if err != nil {
			return nil, nil, err
		}
		return append(options, "--backend", sink.Address.String()), sink, nil
	}
	return options, nil, nil
}
