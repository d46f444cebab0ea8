//go:build linux

package aiohttp

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Many slow clients do not slow a few fast ones down. AIOHTTP_SLOW says how many
// slow ones: 10,000 take a minute and 20,200 descriptors.
func TestSlowClientsBesideFastOnes(t *testing.T) {
	slow, err := strconv.Atoi(os.Getenv("AIOHTTP_SLOW"))
	if err != nil {
		t.Skip("long: AIOHTTP_SLOW=10000 runs it")
	}
	var limit syscall.Rlimit
	_ = syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit)
	limit.Cur = max(limit.Cur, min(limit.Max, uint64(2*slow+400)))
	_ = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit)
	large := strings.Repeat("x", 1<<20)
	both(t, func(t *testing.T, mark func(http.Handler) http.Handler) {
		address := start(t, &Server{Log: silent(), Handler: mark(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			if r.URL.Path == "/large" {
				_, _ = io.WriteString(w, large)
				return
			}
			_, _ = io.WriteString(w, "fast")
		}))})
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
		t.Logf("p50 %v and p99 %v alone, p50 %v and p99 %v (%.1f times) beside %d slow clients",
			alone[0], alone[1], beside[0], beside[1], float64(beside[1])/float64(alone[1]), alive)
		if alive < slow*99/100 {
			t.Errorf("only %d of %d slow clients were served", alive, slow)
		}
		if beside[1] > 2*alone[1] {
			t.Errorf("p99 is %.1f times what it is alone", float64(beside[1])/float64(alone[1]))
		}
	})
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
