//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/goaio/aio/bench/load"
)

func hasWrk() bool {
	_, err := exec.LookPath("wrk")
	return err == nil
}

// wrkLeast is how short a run of wrk can be: it counts in whole seconds.
const wrkLeast = time.Second

// A wrkLoad is what wrk shall do, on connections that each run opens anew. A body is posted.
type wrkLoad struct {
	address     netip.AddrPort
	connections int
	body        string
}

// run has wrk load the server for whole seconds. When the context ends before, wrk is killed.
func (w wrkLoad) run(ctx context.Context, duration time.Duration) (wrkResult, error) {
	seconds := int(duration / time.Second)
	arguments := []string{"-t1", "-c" + strconv.Itoa(w.connections), "--latency", fmt.Sprintf("-d%ds", seconds),
		fmt.Sprintf("--timeout=%ds", seconds+1)} // an answer after a long wait is no error: it is in the latencies
	if w.body != "" {
		folder, err := os.MkdirTemp("", "aio-bench-")
		if err != nil {
			return wrkResult{}, err
		}
		defer os.RemoveAll(folder)
		script := filepath.Join(folder, "request.lua")
		if err := os.WriteFile(script, fmt.Appendf(nil, "wrk.method = \"POST\"\nwrk.body = %q\n", w.body), 0o600); err != nil {
			return wrkResult{}, err
		}
		arguments = append(arguments, "-s", script)
	}
	out, err := exec.CommandContext(ctx, "wrk", append(arguments, "http://"+w.address.String()+"/")...).CombinedOutput()
	if ctx.Err() != nil {
		return wrkResult{}, fmt.Errorf("wrk: %w", context.Cause(ctx))
	}
	if err != nil {
		return wrkResult{}, fmt.Errorf("wrk: %w: %s", err, out)
	}
	return parseWrk(string(out))
}

// wrkResult is what wrk says at its end.
type wrkResult struct {
	requests  int64
	perSecond float64
	p50, p99  time.Duration
}

func (r wrkResult) throughput() load.Throughput {
	return load.Throughput{Requests: r.requests, Elapsed: time.Duration(float64(r.requests) / r.perSecond * float64(time.Second))}
}

func (r wrkResult) note(cpu time.Duration) string {
	return fmt.Sprintf("wrk has %s requests/s in a closed loop, p50 %s, p99 %s, for %s µs of server CPU each",
		formatValue(r.perSecond), r.p50, r.p99, formatValue(float64(cpu.Nanoseconds())/1000/float64(r.requests)))
}

var (
	wrkRequests = regexp.MustCompile(`(\d+) requests in `)
	wrkRate     = regexp.MustCompile(`Requests/sec:\s+([\d.]+)`)
	wrkLatency  = regexp.MustCompile(`(?m)^\s+(50|99)%\s+(\S+)$`)
)

func parseWrk(out string) (r wrkResult, err error) {
	if strings.Contains(out, "Non-2xx") || strings.Contains(out, "Socket errors") {
		return r, fmt.Errorf("wrk: not every request was answered well: %s", out)
	}
	requests, rate := wrkRequests.FindStringSubmatch(out), wrkRate.FindStringSubmatch(out)
	if requests == nil || rate == nil {
		return r, fmt.Errorf("wrk: no figures in %q", out)
	}
	if r.requests, err = strconv.ParseInt(requests[1], 10, 64); err != nil {
		return r, err
	}
	if r.perSecond, err = strconv.ParseFloat(rate[1], 64); err != nil {
		return r, err
	}
	if r.requests == 0 || r.perSecond == 0 {
		return r, errors.New("wrk: no request was answered")
	}
	for _, found := range wrkLatency.FindAllStringSubmatch(out, -1) {
		latency, err := time.ParseDuration(found[2])
		if err != nil {
			return r, fmt.Errorf("wrk: %w", err)
		}
		if found[1] == "50" {
			r.p50 = latency
		} else {
			r.p99 = latency
		}
	}
	return r, nil
}
