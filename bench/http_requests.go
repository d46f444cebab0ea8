//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/goaio/aio/bench/load"
)

const httpTurn = 100 * time.Millisecond

// httpWarmUp is for Node, which compiles what is hot meanwhile: its requests cost twice as much in the first half second, and in
// some of its processes a quarter more in the second.
const httpWarmUp = 2 * time.Second

// An httpRequest is what a case asks for again and again.
type httpRequest struct {
	body  string // is posted, if there is one
	check func(answer []byte) error
}

// bytes is the request with the headers that wrk has.
func (r httpRequest) bytes(address fmt.Stringer) []byte {
	if r.body == "" {
		return fmt.Appendf(nil, "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", address)
	}
	return fmt.Appendf(nil, "POST / HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n\r\n%s", address, len(r.body), r.body)
}

// start warms the server up and has it loaded by what the settings say. Our own client, which compares every answer, comes first.
func (r httpRequest) start(ctx context.Context, s netSettings, c netCase, server *serverProcess) (Contender, error) {
	client, err := load.DialHTTP(load.Config{
		Address: server.Address, Connections: c.load.connections, InFlight: c.load.inFlight, Spin: true,
	}, r.bytes(server.Address), r.check)
	if err != nil {
		return nil, err
	}
	wrk := wrkLoad{server.Address, c.load.connections, r.body}
	if s.wrk {
		_, err := client.Closed(s.warmUp / 2)
		if err := errors.Join(err, client.Close()); err != nil {
			return nil, err
		}
		return startWrk(ctx, wrk, c, server)
	}
	if _, err := client.Closed(s.warmUp); err != nil {
		return nil, errors.Join(err, client.Close())
	}
	return &httpContender{closedLoop{server, client, c.Turn}, wrk}, nil
}

type httpContender struct {
	closedLoop
	wrk wrkLoad
}

// Finish has wrk load the server too, where it is installed.
func (h *httpContender) Finish(ctx context.Context) (Sample, error) {
	if !hasWrk() {
		return Sample{Note: "apt-get install wrk, and it says here what it gets"}, nil
	}
	var result wrkResult
	spent, err := h.server.cpuOf(func() (err error) {
		result, err = h.wrk.run(ctx, wrkLeast)
		return err
	})
	if err != nil {
		return Sample{}, err
	}
	return Sample{Note: result.note(spent)}, nil
}

func isHello(body []byte) error {
	if !bytes.Equal(body, hello) {
		return fmt.Errorf("the body is %q", body)
	}
	return nil
}

func isGreeting(body []byte) error {
	var got greeting
	if err := json.Unmarshal(body, &got); err != nil || got.Message != string(hello) || !slices.Equal(got.Numbers, []int{1, 2, 3}) {
		return fmt.Errorf("the body is %q", body)
	}
	return nil
}

func isCount(body []byte) error {
	if string(body) != "4096" {
		return fmt.Errorf("the body is %q", body)
	}
	return nil
}
