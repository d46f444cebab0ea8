//go:build linux

package main

import (
	"context"
	"crypto/tls"
	_ "embed"
	"errors"
	"flag"
	"io"
	"net"
	"os/exec"
	"strings"
)

// The http suite loads HTTP servers with the generator in load/ and once more with wrk, or with wrk in turns.

// httpServers are the Go subjects of the http suite.
var httpServers = []string{"aio", "aio-pooled", "net/http", "fasthttp"}

func httpPeers() []netPeer {
	var peers []netPeer
	for _, name := range httpServers {
		for _, server := range goServers {
			if server.name == name {
				peers = append(peers, server.peer())
			}
		}
	}
	return append(peers, aiohttpServer(), nodeServer())
}

func httpCases() []netCase {
	requests := func(name, serves string, connections int, request httpRequest, what string) netCase {
		return netCase{
			Case:   Case{Name: name, Unit: "µs", Turn: httpTurn, What: "server CPU of a request: " + what, Needs: needsTwoCores},
			serves: serves, loops: 1, load: echoLoad{connections: connections, inFlight: 1},
			turns: request.start,
		}
	}
	return append([]netCase{
		requests("plaintext_64", "plaintext", 64, httpRequest{check: isHello}, "13 bytes of text, 64 connections"),
		requests("plaintext_512", "plaintext", 512, httpRequest{check: isHello}, "13 bytes of text, 512 connections"),
		requests("json_64", "json", 64, httpRequest{check: isGreeting}, "a small JSON object, made for each, 64 connections"),
		requests("post_4k_64", "post", 64, httpRequest{body: strings.Repeat("x", 4096), check: isCount}, "4 KB received and counted, 64 connections"),
		{
			Case:   Case{Name: "idle_http", Unit: "B", What: "memory of an idle keep-alive connection among 18,000, after one request", Needs: needsTwoCores},
			serves: "plaintext", loops: 1, run: runIdleHTTP,
		},
		clientGet(),
		{
			Case:   Case{Name: "idle_https", Unit: "B", What: "the same over TLS 1.3", Needs: needsTwoCores},
			serves: "https", loops: 1, run: runIdleHTTPS,
		},
	}, websocketCases()...)
}

// httpSuite is the suite of the net suite's machinery.
func httpSuite() Suite {
	settings := defaultNetSettings()
	suite := loadSuite("http", "HTTP/1.1 servers under load: CPU a request, memory of idle connections", httpCases(), httpPeers(), settings)
	flags := suite.Flags
	suite.Flags = func(set *flag.FlagSet) {
		flags(set)
		settings.loadFlag(set)
	}
	suite.Parsed = settings.wrkSchedule
	return suite
}

// runIdleHTTP opens connections that have sent one request each.
func runIdleHTTP(ctx context.Context, s netSettings, _ netCase, server *serverProcess) (Sample, error) {
	return idleRequested(ctx, s, server, nil)
}

// runIdleHTTPS is the same over TLS.
func runIdleHTTPS(ctx context.Context, s netSettings, _ netCase, server *serverProcess) (Sample, error) {
	identity, err := serverIdentity()
	if err != nil {
		return Sample{}, err
	}
	return idleRequested(ctx, s, server, &tls.Config{
		RootCAs: identity.roots, ServerName: "127.0.0.1", MinVersion: tls.VersionTLS13,
		CurvePreferences: []tls.CurveID{tls.X25519}, // the memory is measured, not the handshake
	})
}

func idleRequested(ctx context.Context, s netSettings, server *serverProcess, config *tls.Config) (Sample, error) {
	return idle(ctx, s, server, func(n, first int) (io.Closer, error) {
		var opened connections
		for i := range n {
			c, err := requestOnce(server.Address.String(), first+i, config)
			if err != nil {
				return nil, errors.Join(err, opened.Close())
			}
			opened = append(opened, c)
		}
		return opened, nil
	})
}

type connections []net.Conn

func (c connections) Close() error {
	for _, one := range c {
		_ = one.Close()
	}
	return nil
}

// connectionsPerSource keeps well below the ports of one source address.
const connectionsPerSource = 4500

// requestOnce opens a connection from an address of its number's, for one has
// not ports enough, and makes one request; over TLS if there is a config.
func requestOnce(address string, number int, config *tls.Config) (net.Conn, error) {
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(2+number/connectionsPerSource))}}
	raw, err := dialer.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	c := raw
	if config != nil {
		c = tls.Client(raw, config)
	}
	var answer [4096]byte
	if _, err = io.WriteString(c, "GET / HTTP/1.1\r\nHost: bench\r\n\r\n"); err == nil {
		_, err = c.Read(answer[:])
	}
	if err != nil {
		_ = c.Close()
		return nil, err
	}
	return raw, nil // which is all that the server sees of a client that is idle
}

// scriptsServe are the things that peers/http.py and peers/http.mjs both serve.
var scriptsServe = map[string]bool{"plaintext": true, "json": true, "post": true}

//go:embed peers/http.py
var httpScript string

// aiohttpServer is Python's aiohttp on uvloop.
func aiohttpServer() netPeer {
	return netPeer{
		name: "aiohttp-uvloop",
		find: func(ctx context.Context) (string, error) {
			python, version, err := findPython(ctx, "uvloop")
			if err != nil {
				return "", err
			}
			out, err := exec.CommandContext(ctx, python, "-c", "import aiohttp; print(aiohttp.__version__)").Output()
			if err != nil {
				return "", errors.New("apt-get install python3-aiohttp")
			}
			return version + " with aiohttp " + strings.TrimSpace(string(out)), nil
		},
		has: func(c netCase) bool { return scriptsServe[c.serves] || c.serves == "ws" },
		command: func(ctx context.Context, c netCase) ([]string, error) {
			python, _, err := findPython(ctx, "uvloop")
			return []string{python, "-c", httpScript, c.serves}, err
		},
	}
}

//go:embed peers/http.mjs
var nodeScript string

// nodeServer is Node's http module.
func nodeServer() netPeer {
	return netPeer{
		name: "node",
		find: func(ctx context.Context) (string, error) {
			out, err := exec.CommandContext(ctx, "node", "--version").Output()
			if err != nil {
				return "", errors.New("apt-get install nodejs")
			}
			return "Node " + strings.TrimSpace(string(out)), nil
		},
		has: func(c netCase) bool {
			return scriptsServe[c.serves] && c.Name != "idle_http"
		},
		command: func(_ context.Context, c netCase) ([]string, error) {
			return []string{"node", "--input-type=module", "-e", nodeScript, "--", c.serves}, nil
		},
	}
}
