//go:build linux

package aiohttp

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Many slow clients do not slow a few fast ones down. AIOHTTP_SLOW says how many
// slow ones; 10,000 take two minutes.
func TestSlowClientsBesideFastOnes(t *testing.T) {
	slow, err := strconv.Atoi(os.Getenv("AIOHTTP_SLOW"))
	if err != nil {
		t.Skip("long: AIOHTTP_SLOW=10000 runs it")
	}
	var limit syscall.Rlimit
	_ = syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit)
	limit.Cur = max(limit.Cur, min(limit.Max, uint64(slow+400)))
	_ = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit)
	for _, kind := range []string{"pooled", "on loop", "net/http"} {
		address := slowServer(t, kind)
		alone := fastOnes(t, address)
		done := make(chan struct{})
		var driving sync.WaitGroup
		opened := slowOnes(t, address, slow)
		driving.Go(func() { crawl(opened, done) })
		time.Sleep(3 * time.Second)
		beside := fastOnes(t, address)
		close(done)
		driving.Wait()
		alive := 0
		for _, s := range opened {
			if !s.failed {
				alive++
			}
			_ = s.c.Close()
		}
		t.Logf("%s: p50 %v and p99 %v alone, p50 %v and p99 %v (%.1f times) beside %d slow clients",
			kind, alone[0], alone[1], beside[0], beside[1], float64(beside[1])/float64(alone[1]), alive)
		if alive < slow*99/100 {
			t.Errorf("%s: only %d of %d slow clients were served", kind, alive, slow)
		}
		if kind != "net/http" && beside[1] > 2*alone[1] {
			t.Errorf("%s: p99 is %.1f times what it is alone", kind, float64(beside[1])/float64(alone[1]))
		}
	}
}

// slowServer starts this binary again as the server: one process has not
// descriptors enough for both sides.
func slowServer(t *testing.T, kind string) (address string) {
	command := exec.Command(os.Args[0], "-test.run=^TestSlowClientsServer$", "-test.timeout=5m")
	command.Env = append(os.Environ(), "AIOHTTP_SLOW_SERVER="+kind)
	in, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = command.Wait()
	})
	if _, err := fmt.Fscanln(out, &address); err != nil {
		t.Fatal(err)
	}
	return address
}

func TestSlowClientsServer(t *testing.T) {
	kind := os.Getenv("AIOHTTP_SLOW_SERVER")
	if kind == "" {
		t.Skip("the server process of TestSlowClientsBesideFastOnes")
	}
	large := strings.Repeat("x", 1<<20)
	h := http.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if r.URL.Path == "/large" {
			_, _ = io.WriteString(w, large)
			return
		}
		_, _ = io.WriteString(w, "fast")
	}))
	switch kind {
	case "net/http":
		fmt.Println(subjects()[0].serve(t, h))
	case "on loop":
		fmt.Println(start(t, &Server{Log: silent(), Handler: OnLoop(h)}))
	default:
		fmt.Println(start(t, &Server{Log: silent(), Handler: h}))
	}
	_, _ = io.Copy(io.Discard, os.Stdin) // until the test ends
	os.Exit(0)                           // and all the connections with it
}

// fastOnes are 100 clients that ask 20 times a second each. It returns the 50th
// and 99th percentiles.
func fastOnes(t *testing.T, address string) [2]time.Duration {
	var mu sync.Mutex
	var took []time.Duration
	var clients sync.WaitGroup
	for client := range 100 {
		clients.Go(func() {
			c, err := net.Dial("tcp", address)
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			in := bufio.NewReader(c)
			due := time.Now().Add(time.Duration(client) * 500 * time.Microsecond)
			var mine []time.Duration
			for range 200 {
				time.Sleep(time.Until(due))
				if _, err := io.WriteString(c, "GET /fast HTTP/1.1\r\nHost: h\r\n\r\n"); err != nil {
					t.Error(err)
					return
				}
				answer, err := http.ReadResponse(in, nil)
				if err != nil {
					t.Error(err)
					return
				}
				_, _ = io.Copy(io.Discard, answer.Body)
				mine = append(mine, time.Since(due))
				due = due.Add(50 * time.Millisecond)
			}
			mu.Lock()
			took = append(took, mine...)
			mu.Unlock()
		})
	}
	clients.Wait()
	if len(took) == 0 {
		t.FailNow()
	}
	slices.Sort(took)
	return [2]time.Duration{took[len(took)/2].Round(time.Microsecond), took[len(took)*99/100].Round(time.Microsecond)}
}

// slowOne sends a byte a second: of a head, or of a body, or it has asked for
// much and reads a byte a second.
type slowOne struct {
	c      net.Conn
	text   string // still to send, over and over
	reads  bool
	at     int
	failed bool
}

func slowOnes(t *testing.T, address string, n int) []*slowOne {
	var all []*slowOne
	for i := range n {
		c, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		s := &slowOne{c: c}
		switch i % 3 {
		case 0:
			s.text = "GET /slow HTTP/1.1\r\nHost: h\r\nX-Long: " + strings.Repeat("x", 1000)
		case 1:
			_, err = io.WriteString(c, "POST /slow HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n")
			s.text = strings.Repeat("x", 1000)
		case 2:
			_, err = io.WriteString(c, "GET /large HTTP/1.1\r\nHost: h\r\n\r\n")
			s.reads = true
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	return all
}

func crawl(all []*slowOne, done <-chan struct{}) {
	var one [1]byte
	due := time.Now()
	pause := time.Second * 100 / time.Duration(max(100, len(all)))
	for {
		for i, s := range all {
			if i%100 == 0 {
				select {
				case <-done:
					return
				default:
				}
				due = due.Add(pause)
				time.Sleep(time.Until(due))
			}
			var err error
			if s.reads {
				_ = s.c.SetReadDeadline(time.Now().Add(time.Second))
				_, err = s.c.Read(one[:])
			} else {
				_, err = io.WriteString(s.c, s.text[s.at:s.at+1])
				s.at = (s.at + 1) % len(s.text)
			}
			s.failed = s.failed || err != nil
		}
	}
}
