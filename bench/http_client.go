//go:build linux

package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aiohttp"
)

// The case client_get measures clients: the process that is started is one, and
// what it serves are orders to load the server of this process, which is always
// the same.

// clientConnections is how many requests are under way.
const clientConnections = 16

func clientGet() netCase {
	return netCase{
		Case: Case{Name: "client_get", Unit: "µs", What: "client CPU of a GET of 13 bytes with http.Client, 16 at a time, from a server of fasthttp",
			Needs: needsTwoCores},
		serves: "client", loops: 1, run: runClientGet,
	}
}

func runClientGet(_ context.Context, s netSettings, _ netCase, client *serverProcess) (Sample, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return Sample{}, err
	}
	server := &fasthttp.Server{Handler: func(c *fasthttp.RequestCtx) {
		c.SetContentType("text/plain")
		c.Write(hello)
	}}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	orders, err := net.Dial("tcp", client.Address.String())
	if err != nil {
		return Sample{}, err
	}
	defer func() {
		_ = orders.Close()
		_ = server.Shutdown()
		<-served
	}()
	answers := bufio.NewReader(orders)
	order := func(seconds float64) (requests int, took time.Duration, err error) {
		began := time.Now()
		if _, err := fmt.Fprintf(orders, "%g http://%s/\n", seconds, l.Addr()); err != nil {
			return 0, 0, err
		}
		line, err := answers.ReadString('\n')
		if err == nil {
			_, err = fmt.Sscanf(line, "%d", &requests)
		}
		if err != nil || requests == 0 {
			return 0, 0, fmt.Errorf("the client answers %q: %w", line, err)
		}
		return requests, time.Since(began), nil
	}
	if _, _, err := order(0.5); err != nil { // to warm up
		return Sample{}, err
	}
	before, err := client.cpu()
	if err != nil {
		return Sample{}, err
	}
	requests, took, err := order(math.Ceil(s.seconds))
	if err != nil {
		return Sample{}, err
	}
	after, err := client.cpu()
	if err != nil {
		return Sample{}, err
	}
	return Sample{
		Value: float64((after - before).Nanoseconds()) / 1000 / float64(requests),
		Note:  formatValue(float64(requests)/took.Seconds()) + " requests/s in a closed loop",
	}, nil
}

// clientServer takes orders and has them carried out by load.
func clientServer(load func(url string, until time.Time) (int, error)) netServer {
	return func(_ serveOptions, ready func(net.Addr)) error {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		ready(l.Addr())
		for {
			c, err := l.Accept()
			if err != nil {
				return err
			}
			for {
				var seconds float64
				var url string
				if _, err := fmt.Fscanf(c, "%g %s\n", &seconds, &url); err != nil {
					break
				}
				n, err := load(url, time.Now().Add(time.Duration(seconds*float64(time.Second))))
				if err != nil {
					return err
				}
				fmt.Fprintln(c, n)
			}
			_ = c.Close()
		}
	}
}

// getUntil makes requests one after the other.
func getUntil(ctx context.Context, client *http.Client, url string, until time.Time) (n int, err error) {
	for time.Now().Before(until) {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return n, err
		}
		response, err := client.Do(request)
		if err != nil {
			return n, err
		}
		got, err := io.Copy(io.Discard, response.Body)
		if err != nil {
			return n, err
		}
		if got != int64(len(hello)) {
			return n, fmt.Errorf("%d bytes", got)
		}
		_ = response.Body.Close()
		n++
	}
	return n, nil
}

func netHTTPClient(url string, until time.Time) (int, error) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clientConnections}}
	defer client.CloseIdleConnections()
	type result struct {
		n   int
		err error
	}
	results := make(chan result)
	for range clientConnections {
		go func() {
			n, err := getUntil(context.Background(), client, url, until)
			results <- result{n, err}
		}()
	}
	total := 0
	for range clientConnections {
		r := <-results
		if r.err != nil {
			return 0, r.err
		}
		total += r.n
	}
	return total, nil
}

func aioHTTPClient(url string, until time.Time) (total int, err error) {
	client := &http.Client{Transport: &aiohttp.Transport{MaxIdleConnsPerHost: clientConnections}}
	defer client.CloseIdleConnections()
	err = aio.Run(context.Background(), func(ctx context.Context) error {
		return aio.Group(ctx, func(ctx context.Context) error {
			for range clientConnections {
				aio.Go(ctx, func(ctx context.Context) error {
					n, err := getUntil(ctx, client, url, until)
					total += n
					return err
				})
			}
			return nil
		})
	}, aio.NoInterrupt())
	return total, err
}
