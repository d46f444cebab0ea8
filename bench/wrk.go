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
)

func hasWrk() bool {
	_, err := exec.LookPath("wrk")
	return err == nil
}

// runWrk has wrk load the address for a second, which is its least, and too long for turns: its word is for who doubts our
// own client. A body is posted.
func runWrk(ctx context.Context, address netip.AddrPort, connections int, body string) (wrkResult, error) {
	arguments := []string{"-t1", "-c" + strconv.Itoa(connections), "--latency", "-d1s"}
	if body != "" {
		folder, err := os.MkdirTemp("", "aio-bench-")
		if err != nil {
			return wrkResult{}, err
		}
		defer os.RemoveAll(folder)
		script := filepath.Join(folder, "request.lua")
		if err := os.WriteFile(script, fmt.Appendf(nil, "wrk.method = \"POST\"\nwrk.body = %q\n", body), 0o600); err != nil {
			return wrkResult{}, err
		}
		arguments = append(arguments, "-s", script)
	}
	out, err := exec.CommandContext(ctx, "wrk", append(arguments, "http://"+address.String()+"/")...).CombinedOutput()
	if err != nil {
		return wrkResult{}, fmt.Errorf("wrk: %w: %s", err, out)
	}
	return parseWrk(string(out))
}

// wrkResult is what wrk says at its end.
type wrkResult struct {
	requests  int
	perSecond float64
	p50, p99  string
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
	if r.requests, err = strconv.Atoi(requests[1]); err != nil {
		return r, err
	}
	if r.perSecond, err = strconv.ParseFloat(rate[1], 64); err != nil {
		return r, err
	}
	if r.requests == 0 {
		return r, errors.New("wrk: no request was answered")
	}
	for _, found := range wrkLatency.FindAllStringSubmatch(out, -1) {
		if found[1] == "50" {
			r.p50 = found[2]
		} else {
			r.p99 = found[2]
		}
	}
	return r, nil
}
