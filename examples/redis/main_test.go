//go:build unix && !aix

package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aionet"
)

// start starts the server and returns its port.
func start(t *testing.T, loops int) string {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	listening, ended := make(chan string, 1), make(chan error, 1)
	go func() {
		ended <- aio.Run(ctx, func(ctx context.Context) error {
			l, err := aionet.Listen(ctx, "tcp", "127.0.0.1:0")
			if err != nil {
				return err
			}
			listening <- l.Addr().String()
			return serve(ctx, l, loops)
		}, aio.NoInterrupt())
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; !aio.IsCancelled(err) {
			t.Error(err)
		}
	})
	select {
	case address := <-listening:
		_, port, _ := net.SplitHostPort(address)
		return port
	case err := <-ended:
		t.Fatal(err)
		return ""
	}
}

// startRedis starts Debian's server and returns its port.
func startRedis(t *testing.T) string {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(free.Addr().String())
	free.Close()
	server := exec.Command(need(t, "redis-server"), "--port", port, "--save", "", "--appendonly", "no", "--bind", "127.0.0.1")
	out, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	ready, drained := make(chan bool, 1), make(chan struct{})
	go func() {
		defer close(drained)
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if strings.Contains(lines.Text(), "Ready to accept connections") {
				ready <- true
				break
			}
		}
		close(ready)
		_, _ = io.Copy(io.Discard, out)
	}()
	t.Cleanup(func() {
		_ = server.Process.Kill()
		<-drained // Wait closes the pipe
		_ = server.Wait()
	})
	if !<-ready {
		t.Fatal("redis-server has ended before it was ready: another program may have taken its port")
	}
	return port
}

func need(t *testing.T, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Skipf("%s is not installed; Debian's package redis has it", program)
	}
	return path
}

// script is what a person might type. Values that depend on the time stay away.
const script = `PING
PING hello
ECHO hi
SET greeting hello
GET greeting
GET nothing
SET greeting again NX
SET other x XX
SET other x NX
SET other y XX
SET other z BAD
SET other
STRLEN greeting
APPEND greeting " world"
GET greeting
GETSET greeting new
GET greeting
SETNX greeting no
SETNX fresh yes
MSET a 1 b 2 c 3 d 4
MGET a b nothing c d
MSET a 1 b
INCR a
INCRBY a 40
DECR a
DECRBY b 5
INCR greeting
INCRBY a 9223372036854775807
INCRBY a x
EXISTS a b nothing a
DEL a b nothing
EXISTS a
RPUSH list one two three
LPUSH list zero
LLEN list
LRANGE list 0 -1
LRANGE list -2 -1
LRANGE list 1 1
LRANGE list 5 10
LRANGE list -100 100
LINDEX list 0
LINDEX list -1
LINDEX list 10
LPOP list
RPOP list
LPOP list 5
EXISTS list
LPOP list
GET greeting
LPUSH greeting x
RPUSH numbers 1
GET numbers
INCR numbers
TYPE numbers
TYPE greeting
TYPE nothing
EXPIRE greeting 100
TTL greeting
PERSIST greeting
PERSIST greeting
TTL greeting
TTL nothing
SET greeting x EX 100
TTL greeting
SET greeting y KEEPTTL
TTL greeting
SET greeting z
TTL greeting
SETEX greeting 50 q
TTL greeting
SETEX greeting 0 q
SETEX greeting x q
EXPIRE greeting -1
EXISTS greeting
PEXPIRE c -1
EXPIRE nothing 5
EXPIRE d x
SET empty ""
GET empty
STRLEN empty
SELECT 0
SELECT 99
DBSIZE
FLUSHALL
DBSIZE
NOSUCHTHING x
GET
`

// redis-cli gets the same answers from Debian's server and from ours, on one
// loop and on three.
func TestAnswersAreRedis(t *testing.T) {
	cli := need(t, "redis-cli")
	ask := func(port string) []string {
		c := exec.Command(cli, "-p", port)
		c.Stdin = strings.NewReader(script)
		out, err := c.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return strings.Split(string(out), "\n")
	}
	want := ask(startRedis(t))
	for _, loops := range []int{1, 3} {
		got := ask(start(t, loops))
		for i := range max(len(got), len(want)) {
			if i >= len(got) || i >= len(want) || plain(got[i]) != plain(want[i]) {
				t.Fatalf("%d loops, line %d:\n got %q\nwant %q", loops, i, got[min(i, len(got)):min(i+3, len(got))], want[min(i, len(want)):min(i+3, len(want))])
			}
		}
	}
}

// plain leaves out of an error what differs between Redis's versions.
func plain(line string) string {
	if before, _, found := strings.Cut(line, ", with args beginning"); found {
		return strings.ToLower(before)
	}
	return strings.ToLower(line)
}

// Debian's load generator finds nothing to complain about.
func TestBenchmarkRuns(t *testing.T) {
	benchmark := need(t, "redis-benchmark")
	for _, loops := range []int{1, 2} {
		for _, pipeline := range []string{"1", "16"} {
			t.Run(fmt.Sprintf("%d loops, -P %s", loops, pipeline), func(t *testing.T) {
				out, err := exec.Command(benchmark, "-p", start(t, loops), "-P", pipeline, "-c", "50", "-n", "2000", "-r", "100", "-q",
					"-t", "ping,set,get,incr,lpush,rpush,lpop,rpop,lrange_100,mset").CombinedOutput()
				if err != nil || strings.Count(string(out), "requests per second") < 10 || strings.Contains(strings.ToLower(string(out)), "error") {
					t.Errorf("%v\n%s", err, out)
				}
			})
		}
	}
}

// An expired key is gone although nobody asks for it.
func TestExpiryFreesMemory(t *testing.T) {
	cli := need(t, "redis-cli")
	port := start(t, 1)
	run := func(args ...string) string {
		out, err := exec.Command(cli, append([]string{"-p", port}, args...)...).Output()
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(out))
	}
	run("SET", "k", "v", "PX", "20")
	for range 500 {
		if run("DBSIZE") == "0" {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("the key is still there")
}

// What is no command at all ends the connection with Redis's error.
func TestProtocolError(t *testing.T) {
	c, err := net.Dial("tcp", "127.0.0.1:"+start(t, 1))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "*1\r\nnonsense\r\n")
	reply := make([]byte, 100)
	n, _ := c.Read(reply)
	if !strings.HasPrefix(string(reply[:n]), "-ERR Protocol error") {
		t.Errorf("got %q", reply[:n])
	}
}
