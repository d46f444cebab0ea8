//go:build unix && !aix

// Command reverseproxy hands requests on to other servers, one after the other
// in turn. It is [httputil.ReverseProxy], unchanged, between a server and a
// transport of package aiohttp.
//
//	go run -C examples/web ./reverseproxy -address localhost:8080 http://localhost:8081 http://localhost:8082
//
// The proxy's handler is not marked with aiohttp.OnLoop: where a connection is
// upgraded it waits on Go channels, which would stop a loop.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"sync/atomic"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aiohttp"
	"github.com/goaio/aio/aionet"
)

// newProxy returns the handler.
func newProxy(servers []*url.URL) http.Handler {
	var turn atomic.Uint32
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(servers[int(turn.Add(1)-1)%len(servers)])
			r.SetXForwarded()
		},
		Transport: &aiohttp.Transport{
			MaxIdleConnsPerHost:   64,
			IdleConnTimeout:       time.Minute,
			ResponseHeaderTimeout: time.Minute,
			DisableCompression:    true, // what the client asked for is handed on
		},
		FlushInterval: -1, // what comes is handed on at once
	}
}

func main() {
	address := flag.String("address", "localhost:8080", "where to listen")
	flag.Parse()
	servers, err := parse(flag.Args())
	if err == nil {
		err = aio.Run(context.Background(), func(ctx context.Context) error {
			listener, err := aionet.Listen(ctx, "tcp", *address)
			if err != nil {
				return err
			}
			fmt.Println("listening on", listener.Addr())
			return (&aiohttp.Server{Handler: newProxy(servers)}).Serve(ctx, listener)
		})
	}
	if err != nil && !errors.Is(err, aio.ErrInterrupted) {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func parse(arguments []string) (servers []*url.URL, err error) {
	for _, argument := range arguments {
		u, err := url.Parse(argument)
		if err != nil || u.Host == "" {
			return nil, fmt.Errorf("%q is no URL of a server, such as http://localhost:8081", argument)
		}
		servers = append(servers, u)
	}
	if len(servers) == 0 {
		return nil, errors.New("usage: reverseproxy [-address HOST:PORT] URL [URL...]")
	}
	return servers, nil
}
