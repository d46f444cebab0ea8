//go:build linux

package main

import (
	"context"
	"flag"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"time"
)

// The net suite loads an echo server of each peer with the generator in load/.

// A netCase is a case with what it takes to run it.
type netCase struct {
	Case
	serves string // what the server is started for: echo, tls, file or proxy
	loops  int
	load   echoLoad
	run    func(ctx context.Context, s netSettings, c netCase, server *serverProcess) (Sample, error)
}

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
	seconds float64 // of each measured window
}

func (s netSettings) window() time.Duration { return time.Duration(s.seconds * float64(time.Second)) }

// A netPeer is a subject of the suite: how to start its server.
type netPeer struct {
	name    string
	find    func() (version string, err error)
	has     func(netCase) bool
	command func(netCase) ([]string, error)
}

func netPeers() []netPeer {
	return []netPeer{
		goServer("aio", ""),
		goServer("aio-conn", ""),
		goServer("net", runtime.Version()),
		goServer("netpoll", "netpoll "+moduleVersion("github.com/cloudwego/netpoll")),
		goServer("gnet", "gnet "+moduleVersion("github.com/panjf2000/gnet/v2")),
		cServer("c-epoll", epollSource, ""),
	}
}

func netCases() []netCase {
	echo := func(name string, loops int, l echoLoad, what string) netCase {
		return netCase{
			Case:   Case{Name: name, Unit: "µs", What: "server CPU of a 64-byte echo: " + what, Alone: true, Needs: needsTwoCores},
			serves: "echo", loops: loops, load: l, run: runEcho,
		}
	}
	return []netCase{
		echo("echo_4", 1, echoLoad{4, 1, 10_000}, "4 connections, one message in flight each"),
		echo("echo_64", 1, echoLoad{64, 1, 10_000}, "64 connections"),
		echo("echo_1000", 1, echoLoad{1000, 1, 10_000}, "1,000 connections"),
		echo("echo_64_p16", 1, echoLoad{64, 16, 50_000}, "64 connections, 16 messages in flight each"),
		echo("echo_1000_p16", 1, echoLoad{1000, 16, 50_000}, "1,000 connections, 16 in flight each"),
		echo("echo_64_2loops", 2, echoLoad{64, 1, 10_000}, "64 connections, two loops, nothing pinned"),
	}
}

// netSuites is the net suite, on systems that can run it.
func netSuites() []Suite {
	settings := &netSettings{seconds: 1}
	suite := Suite{
		Name: "net",
		What: "echo servers under load: CPU a request, latency, memory of idle connections",
		Flags: func(flags *flag.FlagSet) {
			flags.Func("seconds", "how long each window is measured, 0.1 to 30 (default 1)", func(text string) error {
				_, err := fmt.Sscanf(text, "%g", &settings.seconds)
				if err != nil || !(settings.seconds >= 0.1 && settings.seconds <= 30) {
					return fmt.Errorf("not from 0.1 to 30")
				}
				return nil
			})
		},
	}
	cases := netCases()
	for _, c := range cases {
		suite.Cases = append(suite.Cases, c.Case)
	}
	for _, peer := range netPeers() {
		suite.Subjects = append(suite.Subjects, Subject{
			Name: peer.name,
			Find: func(context.Context) (string, error) { return peer.find() },
			Round: func(ctx context.Context, names []string) ([]Sample, error) {
				var samples []Sample
				for _, c := range cases {
					if !slices.Contains(names, c.Name) || !peer.has(c) {
						continue
					}
					sample, err := runNetCase(ctx, *settings, peer, c)
					if err != nil {
						return nil, fmt.Errorf("%s: %w", c.Name, err)
					}
					samples = append(samples, sample)
				}
				return samples, nil
			},
		})
	}
	return []Suite{suite}
}

// runNetCase measures one case on a server process of its own.
func runNetCase(ctx context.Context, s netSettings, peer netPeer, c netCase) (Sample, error) {
	ctx, cancel := context.WithTimeout(ctx, caseDeadline)
	defer cancel()
	if c.pinned() {
		unpin, err := pinClient()
		if err != nil {
			return Sample{}, err
		}
		defer unpin()
	}
	command, err := peer.command(c)
	if err != nil {
		return Sample{}, err
	}
	server, err := startServer(ctx, c.pinned(), append(command, "--loops", strconv.Itoa(c.loops))...)
	if err != nil {
		return Sample{}, err
	}
	sample, err := c.run(ctx, s, c, server)
	sample.Case = c.Name
	return sample, server.stop(err)
}
