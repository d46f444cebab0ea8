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
	"syscall"
	"time"
)

// The redis suite has redis-benchmark load examples/redis on one loop and Debian's redis-server. Each server has the
// first core for itself, redis-benchmark the last: both run one thread that works.

// redisClients is how many connections redis-benchmark opens.
const redisClients = 50

// redisTurn makes the start of redis-benchmark, which is not measured, no more than a tenth of it.
const redisTurn = 250 * time.Millisecond

// redisWarmUp are the requests that find out how many make a turn.
const redisWarmUp = 20_000

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
					Name: fmt.Sprintf("%s_p%d", test, pipeline), Unit: "req/s", Turn: redisTurn, Needs: needsRedisBenchmark,
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
			Start: func(ctx context.Context, named Case) (Contender, error) {
				c := redisCases()[slices.IndexFunc(redisCases(), func(c redisCase) bool { return c.Name == named.Name })]
				c.Case = named
				return startRedis(ctx, server, c)
			},
		})
	}
	return suite
}

// A redisContender is a server that redis-benchmark loads in turns.
type redisContender struct {
	redisCase
	server   *serverProcess
	requests int // of a turn

	answered int // in all turns
	spent    time.Duration
}

func startRedis(ctx context.Context, server redisServer, c redisCase) (_ Contender, err error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	command, err := server.command(ctx, strconv.Itoa(port))
	if err != nil {
		return nil, err
	}
	r := &redisContender{redisCase: c, server: &serverProcess{
		child:   &child{process: exec.Command(command[0], command[1:]...)},
		Address: netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(port)),
	}}
	r.server.process.Stderr = &r.server.stderr
	if err := onServerCore(r.server.process.Start); err != nil {
		return nil, fmt.Errorf("starting %s: %w", command[0], err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.Stop())
		}
	}()
	if err := pinClient(); err != nil {
		return nil, err
	}
	if err := listens(ctx, r.server.Address.String()); err != nil {
		return nil, err
	}
	perSecond, err := r.benchmark(ctx, redisWarmUp)
	if err != nil {
		return nil, err
	}
	r.requests = max(1, int(perSecond*c.Turn.Seconds()))
	return r, nil
}

func (r *redisContender) Turn(ctx context.Context) (Sample, error) {
	var perSecond float64
	spent, err := r.server.cpuOf(func() (err error) {
		perSecond, err = r.benchmark(ctx, r.requests)
		return err
	})
	if err != nil {
		return Sample{}, err
	}
	r.answered += r.requests
	r.spent += spent
	micros := float64(r.spent.Nanoseconds()) / 1000 / float64(r.answered)
	return Sample{Value: perSecond, Note: fmt.Sprintf("%s µs of server CPU a request", formatValue(micros))}, nil
}

// Stop kills the server: it keeps nothing that it would have to save. That it ended otherwise, before, is an error.
func (r *redisContender) Stop() error {
	_ = r.server.process.Process.Kill()
	err := r.server.process.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL {
		err = nil
	} else {
		err = fmt.Errorf("the server ended by itself: %s\n%s", r.server.process.ProcessState, firstLines(r.server.stderr.Bytes()))
	}
	return errors.Join(err, unpinClient())
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

// benchmark returns the requests a second of one run of redis-benchmark, which would try for ever where nobody listens.
func (r *redisContender) benchmark(ctx context.Context, requests int) (float64, error) {
	c, err := net.Dial("tcp", r.server.Address.String())
	if err != nil {
		return 0, err
	}
	c.Close()
	out, err := exec.CommandContext(ctx, "redis-benchmark", "-p", strconv.Itoa(int(r.server.Address.Port())), "-c", strconv.Itoa(redisClients),
		"-n", strconv.Itoa(requests), "-P", strconv.Itoa(r.pipeline), "-t", r.test, "--csv").CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("redis-benchmark: %w: %s", err, firstLines(out))
	}
	return parseRedisBenchmark(r.test, string(out))
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
