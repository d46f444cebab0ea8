//go:build linux

package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"runtime/debug"
	"slices"

	"github.com/goaio/aio/aiohttp"
	"github.com/goaio/aio/aionet"
)

// serveVerb starts this binary as the server process of one Go subject and case.
const serveVerb = "serve"

// A netServer serves on 127.0.0.1, calls ready with its address once it listens, and
// returns only when it fails: the process is ended when its standard input closes.
type netServer func(o serveOptions, ready func(net.Addr)) error

// serveOptions are what a server is told. It serves one thing in its life.
type serveOptions struct {
	loops       int             // event loops; the process has as many cores
	certificate tls.Certificate // of a tls server
	file        string          // that a file server sends to each connection
	backend     string          // that a proxy server connects each connection with
}

// goServers are the Go subjects of the suite in the order of its tables, with what each
// serves: echo, tls, file or proxy, and of the http suite plaintext, json or post. A subject that lacks one is left out of its cases.
var goServers = []goServer{
	{"aio", "", with(with(with(eachHandler(aioHTTP(aiohttp.OnLoop)), aioServes), map[string]netServer{"client": clientServer(aioHTTPClient)}), aioWebSocket(aioHTTP(aiohttp.OnLoop)))},
	{"aio-conn", "", map[string]netServer{"echo": aioServer(aionet.PerConnection(aioConnectionEcho))}},
	{"aio-protocol", "", map[string]netServer{"echo": aioServer(aionet.Callbacks(func() aionet.Protocol { return &aioProtocolEcho{} }))}},
	{"net", "", map[string]netServer{"echo": netEcho, "tls": netTLS, "file": netFile, "proxy": netProxy}},
	{"netpoll", "github.com/cloudwego/netpoll", netpollServes},
	{"aio-pooled", "", eachHandler(aioHTTP(unmarked))},
	{"net/http", "", with(with(eachHandler(netHTTP), map[string]netServer{"client": clientServer(netHTTPClient)}), coderWebSocket())},
	{"fasthttp", "github.com/valyala/fasthttp", fastHTTP()},
	{"gnet", "github.com/panjf2000/gnet/v2", map[string]netServer{"echo": gnetEcho}},
}

type goServer struct {
	name   string
	module string // that it measures, for the version; empty for this one and for the standard library
	serves map[string]netServer
}

// serve is the other side of startServer for Go subjects. It writes the port, then a line for each line it reads:
// when it has collected and has given free memory back.
func serve(args []string, stdin io.Reader, stdout io.Writer) error {
	o, server, err := parseServe(args)
	if err != nil {
		return usageError{err}
	}
	runtime.GOMAXPROCS(min(o.loops, runtime.NumCPU()))
	failed := make(chan error, 1)
	listening := make(chan net.Addr, 1)
	go func() { failed <- server(o, func(a net.Addr) { listening <- a }) }()
	select {
	case err := <-failed:
		return errors.Join(errors.New("the server ended before it listened"), err)
	case address := <-listening:
		fmt.Fprintln(stdout, address.(*net.TCPAddr).Port)
	}
	closed := make(chan error, 1)
	go func() { closed <- answerSettle(stdin, stdout) }()
	select {
	case err := <-failed:
		return errors.Join(errors.New("the server ended"), err)
	case err := <-closed:
		return err
	}
}

func parseServe(args []string) (serveOptions, netServer, error) {
	if len(args) < 2 {
		return serveOptions{}, nil, fmt.Errorf("%s wants a subject and what to serve", serveVerb)
	}
	i := slices.IndexFunc(goServers, func(s goServer) bool { return s.name == args[0] })
	if i < 0 || goServers[i].serves[args[1]] == nil {
		return serveOptions{}, nil, fmt.Errorf("%s serves no %s", args[0], args[1])
	}
	var o serveOptions
	flags := flag.NewFlagSet(serveVerb, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.IntVar(&o.loops, "loops", 1, "event loops")
	flags.StringVar(&o.file, "file", "", "the file to send")
	flags.StringVar(&o.backend, "backend", "", "the address to proxy to")
	identity := flags.String("identity", "", "PEM file of the certificate and its key")
	if err := flags.Parse(args[2:]); err != nil {
		return o, nil, err
	}
	if o.loops < 1 || flags.NArg() > 0 {
		return o, nil, fmt.Errorf("bad arguments %q", args)
	}
	if *identity != "" {
		var err error
		if o.certificate, err = tls.LoadX509KeyPair(*identity, *identity); err != nil {
			return o, nil, err
		}
	}
	return o, goServers[i].serves[args[1]], nil
}

func answerSettle(stdin io.Reader, stdout io.Writer) error {
	lines := bufio.NewScanner(stdin)
	for lines.Scan() {
		runtime.GC() // what this one finalises, FreeOSMemory's own collection frees
		debug.FreeOSMemory()
		if _, err := fmt.Fprintln(stdout, "settled"); err != nil {
			return err
		}
	}
	return lines.Err()
}

// peer is the subject served by this binary, started again for each case.
func (s goServer) peer() netPeer {
	return netPeer{
		name: s.name,
		find: func(context.Context) (string, error) {
			if len(s.serves) == 0 {
				return "", errors.New("not built for " + runtime.GOARCH)
			}
			return s.version(), nil
		},
		has: func(c netCase) bool { return s.serves[c.serves] != nil },
		command: func(_ context.Context, c netCase) ([]string, error) {
			self, err := os.Executable()
			return []string{self, serveVerb, s.name, c.serves}, err
		},
	}
}

// version is that of the module this binary is built with, else Go's.
func (s goServer) version() string {
	info, ok := debug.ReadBuildInfo()
	if s.module == "" || !ok {
		return runtime.Version()
	}
	for _, module := range info.Deps {
		if module.Path == s.module {
			return s.name + " " + module.Version
		}
	}
	return s.name
}
