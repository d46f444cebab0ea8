//go:build linux

package aiohttp

import (
	"bufio"
	"bytes"
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

// Many slow clients do not slow a few fast ones down: the fast ones' 99th
// percentile stays within twice what it is alone, as medians of three windows.
// AIOHTTP_SLOW says how many slow ones, AIOHTTP_SLOW_KIND which server (all of
// them if it is empty); 10,000 take 40 seconds a server. The clients need the
// other core, so the machine has to be idle.
func TestSlowClientsBesideFastOnes(t *testing.T) {
	slow, err := strconv.Atoi(os.Getenv("AIOHTTP_SLOW"))
	if err != nil {
		t.Skip("long, and a measurement: AIOHTTP_SLOW=10000 runs it")
	}
	var limit syscall.Rlimit
	_ = syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit)
	limit.Cur = max(limit.Cur, min(limit.Max, uint64(slow+400)))
	_ = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit)
	kinds := []string{"pooled", "on loop", "net/http"}
	if kind := os.Getenv("AIOHTTP_SLOW_KIND"); kind != "" {
		kinds = []string{kind}
	}
	for _, kind := range kinds {
		server := slowServer(t, kind)
		alone := server.windows(t)
		done := make(chan struct{})
		var driving sync.WaitGroup
		opened := slowOnes(t, server.address, slow)
		driving.Go(func() { crawl(opened, done) })
		time.Sleep(2 * time.Second) // until each has sent its first byte and the answers have filled the sockets
		beside := server.windows(t)
		close(done)
		driving.Wait()
		alive := 0
		for _, s := range opened {
			if !s.failed {
				alive++
			}
			_ = s.c.Close()
		}
		times := float64(beside.p99) / float64(alone.p99)
		t.Logf("%s: alone %v; beside %d slow clients %v: %.2f times the p99", kind, alone, alive, beside, times)
		if alive < slow*99/100 {
			t.Errorf("%s: only %d of %d slow clients were served", kind, alive, slow)
		}
		if kind != "net/http" && times > 2 {
			t.Errorf("%s: p99 is %.2f times what it is alone", kind, times)
		}
	}
}

// window is what the fast clients see, and what the server spends meanwhile.
type window struct {
	p50, p99 time.Duration
	cpu      float64 // of one core
}

func (w window) String() string {
	return fmt.Sprintf("p50 %v, p99 %v, server CPU %.0f %%", w.p50, w.p99, 100*w.cpu)
}

// windows returns the medians of three.
func (s slowProcess) windows(t *testing.T) (median window) {
	var p50s, p99s []time.Duration
	var cpus []float64
	for range 3 {
		began, before := time.Now(), s.cpu(t)
		p50, p99 := fastOnes(t, s.address)
		p50s, p99s = append(p50s, p50), append(p99s, p99)
		cpus = append(cpus, (s.cpu(t)-before).Seconds()/time.Since(began).Seconds())
	}
	slices.Sort(p50s)
	slices.Sort(p99s)
	slices.Sort(cpus)
	return window{p50s[1], p99s[1], cpus[1]}
}

// slowProcess is a server process.
type slowProcess struct {
	address string
	process int
}

// cpu returns the CPU time that the process has taken.
func (s slowProcess) cpu(t *testing.T) time.Duration {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.process))
	if err != nil {
		t.Fatal(err)
	}
	// Behind the name, which may have spaces, stand the fields from the third on;
	// those wanted are the 14th and 15th, in hundredths of a second.
	fields := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond
}

// slowServer starts this binary again as the server: one process has not
// descriptors enough for both sides.
func slowServer(t *testing.T, kind string) slowProcess {
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
	s := slowProcess{process: command.Process.Pid}
	if _, err := fmt.Fscanln(out, &s.address); err != nil {
		t.Fatal(err)
	}
	return s
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

// fastOnes are 100 clients that ask 20 times a second each, for five seconds. It
// returns the 50th and 99th percentiles of how long after its time each request
// was answered.
func fastOnes(t *testing.T, address string) (p50, p99 time.Duration) {
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
			for range 100 {
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
	return took[len(took)/2].Round(time.Microsecond), took[len(took)*99/100].Round(time.Microsecond)
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
