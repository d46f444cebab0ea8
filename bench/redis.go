//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The redis suite has redis-benchmark load examples/redis on one loop and Debian's redis-server. Each server has the
// first core for itself, redis-benchmark the last: both run one thread that works.

// redisClients is how many connections redis-benchmark opens.
const redisClients = 50

// redisRequests is what one run sends, by how many are in flight a connection: about a second of it.
var redisRequests = map[int]int{1: 100_000, 16: 1_000_000}

type redisCase struct {
	Case
	test     string // redis-benchmark's name
	pipeline int
}

func redisCases() []redisCase {
	var cases []redisCase
	for _, pipeline := range []int{1, 16} {
		for _, test := range []string{"set", "get"} {
			cases = append(cases, redisCase{
				Case: Case{
					Name: fmt.Sprintf("%s_p%d", test, pipeline), Unit: "req/s", Needs: needsRedisBenchmark,
					What: fmt.Sprintf("%s by 50 connections with %d in flight each; more is better", strings.ToUpper(test), pipeline),
				},
				test: test, pipeline: pipeline,
			})
		}
	}
	return cases
}

func needsRedisBenchmark() error {
	if _, err := exec.LookPath("redis-benchmark"); err != nil {
		return errors.New("needs redis-benchmark: apt-get install redis-tools")
	}
	return needsTwoCores()
}

// A redisServer is a subject: how to find it, and the command that serves on a port.
type redisServer struct {
	name    string
	find    func(context.Context) (version string, err error)
	command func(ctx context.Context, port string) ([]string, error)
}

func redisServers() []redisServer {
	return []redisServer{
		{
			name: ours,
			find: func(ctx context.Context) (string, error) {
				_, err := buildRedisExample(ctx)
				return runtime.Version(), err
			},
			command: func(ctx context.Context, port string) ([]string, error) {
				program, err := buildRedisExample(ctx)
				return []string{program, "-address", "127.0.0.1:" + port}, err
			},
		},
		{
			name: "redis",
			find: func(ctx context.Context) (string, error) {
				out, err := exec.CommandContext(ctx, "redis-server", "--version").Output()
				if err != nil {
					return "", errors.New("needs Redis: apt-get install redis-server")
				}
				return "Redis " + firstMatch(redisVersion, string(out)), nil
			},
			command: func(_ context.Context, port string) ([]string, error) {
				return []string{"redis-server", "--bind", "127.0.0.1", "--port", port, "--save", "", "--appendonly", "no"}, nil
			},
		},
	}
}

var redisVersion = regexp.MustCompile(`v=(\S+)`)

func firstMatch(pattern *regexp.Regexp, text string) string {
	if found := pattern.FindStringSubmatch(text); found != nil {
		return found[1]
	}
	return "of an unknown version"
}

// buildRedisExample builds the example, which is a module of its own, beside the C servers.
func buildRedisExample(ctx context.Context) (program string, err error) {
	_, file, _, _ := runtime.Caller(0)
	folder := filepath.Join(filepath.Dir(file), "..", "examples", "redis")
	if _, err := os.Stat(folder); err != nil {
		return "", fmt.Errorf("needs the example's source: %w", err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	program = filepath.Join(cache, "aio-bench", "redis-example")
	build := exec.CommandContext(ctx, "go", "build", "-o", program, ".")
	build.Dir = folder
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build in %s: %w: %s", folder, err, firstLines(out))
	}
	return program, nil
}

func redisSuite() Suite {
	suite := Suite{Name: "redis", What: "the Redis of examples/ beside redis-server, under redis-benchmark", Laps: 10}
	for _, c := range redisCases() {
		suite.Cases = append(suite.Cases, c.Case)
	}
	for _, server := range redisServers() {
		suite.Subjects = append(suite.Subjects, Subject{
			Name: server.name,
			Find: server.find,
			Start: func(_ context.Context, named Case) (Contender, error) {
				c := redisCases()[slices.IndexFunc(redisCases(), func(c redisCase) bool { return c.Name == named.Name })]
				return fresh(func(ctx context.Context) (Sample, error) {
					return runRedis(ctx, server, c, redisRequests[c.pipeline])
				}), nil
			},
		})
	}
	return suite
}

// runRedis measures one case on a server process of its own.
func runRedis(ctx context.Context, server redisServer, c redisCase, requests int) (sample Sample, err error) {
	if err := pinClient(); err != nil {
		return Sample{}, err
	}
	defer unpinClient()
	port, err := freePort()
	if err != nil {
		return Sample{}, err
	}
	command, err := server.command(ctx, strconv.Itoa(port))
	if err != nil {
		return Sample{}, err
	}
	process := &serverProcess{
		child:   &child{process: exec.CommandContext(ctx, command[0], command[1:]...)},
		Address: netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(port)),
	}
	process.process.Stderr = &process.stderr
	if err := onServerCore(process.process.Start); err != nil {
		return Sample{}, fmt.Errorf("starting %s: %w", command[0], err)
	}
	defer func() {
		_ = process.process.Process.Kill()
		_ = process.process.Wait()
		if err != nil && process.stderr.Len() > 0 {
			err = fmt.Errorf("%w\n%s", err, process.stderr.Bytes())
		}
	}()
	if err := listens(ctx, process.Address.String()); err != nil {
		return Sample{}, err
	}
	if _, err := redisBenchmark(ctx, c, port, requests/10); err != nil { // warms the server up
		return Sample{}, err
	}
	before, err := process.cpu()
	if err != nil {
		return Sample{}, err
	}
	perSecond, err := redisBenchmark(ctx, c, port, requests)
	if err != nil {
		return Sample{}, err
	}
	after, err := process.cpu()
	if err != nil {
		return Sample{}, err
	}
	micros := float64((after - before).Nanoseconds()) / 1000 / float64(requests)
	return Sample{Value: perSecond, Note: fmt.Sprintf("%s µs of server CPU a request", formatValue(micros))}, nil
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	return l.Addr().(*net.TCPAddr).Port, l.Close()
}

// listens waits until somebody does, for at most ten seconds.
func listens(ctx context.Context, address string) error {
	for range 1000 {
		if c, err := net.Dial("tcp", address); err == nil {
			return c.Close()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
	return fmt.Errorf("nobody listens on %s", address)
}

// redisBenchmark returns the requests a second of one run.
func redisBenchmark(ctx context.Context, c redisCase, port, requests int) (float64, error) {
	out, err := exec.CommandContext(ctx, "redis-benchmark", "-p", strconv.Itoa(port), "-c", strconv.Itoa(redisClients),
		"-n", strconv.Itoa(requests), "-P", strconv.Itoa(c.pipeline), "-t", c.test, "--csv").CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("redis-benchmark: %w: %s", err, firstLines(out))
	}
	return parseRedisBenchmark(c.test, string(out))
}

// parseRedisBenchmark finds the test's line: its name and the requests a second come first, quoted.
func parseRedisBenchmark(test, out string) (float64, error) {
	for line := range strings.Lines(out) {
		fields := strings.Split(strings.TrimSpace(line), ",")
		if len(fields) < 2 || !strings.EqualFold(strings.Trim(fields[0], `"`), test) {
			continue
		}
		perSecond, err := strconv.ParseFloat(strings.Trim(fields[1], `"`), 64)
		if err == nil && perSecond > 0 {
			return perSecond, nil
		}
	}
	return 0, fmt.Errorf("redis-benchmark: no figure of %s in %q", test, out)
}
