//go:build linux

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aiohttp"
	"github.com/goaio/aio/bench/load"
)

// The case client_get measures clients: the process that is measured is one, and what it serves are orders to load a server,
// which is always the same.

// clientConnections is how many requests are under way.
const clientConnections = 16

// clientTurn makes the connections that each order opens anew count for little.
const clientTurn = 250 * time.Millisecond

func clientGet() netCase {
	return netCase{
		Case: Case{Name: "client_get", Unit: "µs", Turn: clientTurn,
			What:  "client CPU of a GET of 13 bytes with http.Client, 16 at a time, from a server of fasthttp",
			Needs: needsTwoCores},
		serves: "client", loops: 1, turns: startClient,
	}
}

// A clientContender gives orders to one client, and has a server for it.
type clientContender struct {
	client, server *serverProcess
	turn           time.Duration
	orders         net.Conn
	answers        *bufio.Reader
}

func startClient(ctx context.Context, _ netSettings, c netCase, client *serverProcess) (Contender, error) {
	i := slices.IndexFunc(goServers, func(s goServer) bool { return s.name == "fasthttp" })
	command, err := goServers[i].peer().command(ctx, netCase{serves: "plaintext"})
	if err != nil {
		return nil, err
	}
	server, err := startServer(ctx, false, command...) // beside this process, on the client's core
	if err != nil {
		return nil, err
	}
	orders, err := net.Dial("tcp", client.Address.String())
	if err != nil {
		return nil, errors.Join(err, server.child.stop())
	}
	contender := &clientContender{client, server, c.Turn, orders, bufio.NewReader(orders)}
	if _, err := contender.order(); err != nil { // warms up
		return nil, errors.Join(err, contender.Stop())
	}
	return contender, nil
}

func (c *clientContender) Turn(context.Context) (Sample, error) { return c.client.spent(c.order) }

func (c *clientContender) order() (t load.Throughput, err error) {
	began := time.Now()
	if _, err := fmt.Fprintf(c.orders, "%g http://%s/\n", c.turn.Seconds(), c.server.Address); err != nil {
		return t, err
	}
	line, err := c.answers.ReadString('\n')
	if err == nil {
		_, err = fmt.Sscanf(line, "%d", &t.Requests)
	}
	if err != nil || t.Requests == 0 {
		return t, fmt.Errorf("the client answers %q: %w", line, err)
	}
	t.Elapsed = time.Since(began)
	return t, nil
}

func (c *clientContender) Stop() error { return errors.Join(c.orders.Close(), c.server.child.stop()) }

// clientServer takes orders and has them carried out by get.
func clientServer(get func(url string, until time.Time) (int, error)) netServer {
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
				n, err := get(url, time.Now().Add(time.Duration(seconds*float64(time.Second))))
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
