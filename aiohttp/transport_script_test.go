//go:build unix && !aix

package aiohttp

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/goaio/aio"
)

// scriptedServer answers every request with the same bytes, cut in random
// places, whatever it is asked.
type scriptedServer struct {
	listener net.Listener
	wait     sync.WaitGroup

	mu          sync.Mutex
	answer      string
	end         bool // the stream ends with the answer
	seed        uint64
	connections int
	open        map[net.Conn]bool
}

func newScriptedServer(t testing.TB) *scriptedServer {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &scriptedServer{listener: l, open: map[net.Conn]bool{}}
	s.wait.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.connections++
			s.open[c] = true
			s.mu.Unlock()
			s.wait.Go(func() { s.serve(c) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		s.closeAll()
		s.wait.Wait()
	})
	return s
}

func (s *scriptedServer) url() string { return "http://" + s.listener.Addr().String() + "/x" }

// script sets the next answers, and forgets what was before.
func (s *scriptedServer) script(answer string, end bool, seed uint64) {
	s.closeAll()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer, s.end, s.seed, s.connections = answer, end, seed, 0
}

func (s *scriptedServer) closeAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.open {
		_ = c.Close()
	}
	clear(s.open)
}

func (s *scriptedServer) used() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.connections
}

func (s *scriptedServer) serve(c net.Conn) {
	defer c.Close()
	r := bufio.NewReader(c)
	for {
		err := skipRequest(r)
		if err != nil {
			return
		}
		s.mu.Lock()
		answer, end, seed := s.answer, s.end, s.seed
		s.mu.Unlock()
		random := rand.New(rand.NewPCG(seed, 0))
		for rest := answer; len(rest) > 0; {
			n := min(len(rest), 1+random.IntN(64))
			if seed == 0 {
				n = len(rest)
			}
			if _, err := io.WriteString(c, rest[:n]); err != nil {
				return
			}
			rest = rest[n:]
		}
		if end {
			_ = c.(*net.TCPConn).CloseWrite()
			_, _ = io.Copy(io.Discard, c)
			return
		}
	}
}

func skipRequest(r *bufio.Reader) error {
	length := 0
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return err
		}
		_, _ = fmt.Sscanf(line, "Content-Length: %d", &length)
		if line == "\r\n" {
			_, err := io.CopyN(io.Discard, r, int64(length))
			return err
		}
	}
}

// exchanged is what a client makes of a response, as text.
func exchanged(ctx context.Context, transport http.RoundTripper, method, url string, body io.Reader) string {
	response, text, err := fetch(ctx, transport, method, url, body)
	if response == nil {
		return "error"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s %d\nlength %d close %v te %v uncompressed %v\n", response.Proto, response.Status, response.StatusCode,
		response.ContentLength, response.Close, response.TransferEncoding, response.Uncompressed)
	for _, header := range []http.Header{response.Header, response.Trailer} {
		keys := []string{}
		for key, values := range header {
			keys = append(keys, fmt.Sprintf("%s: %q", key, values))
		}
		slices.Sort(keys)
		fmt.Fprintln(&b, keys)
	}
	fmt.Fprintf(&b, "%q failed %v", text, err != nil)
	return b.String()
}

// inTask runs fn in a task.
func inTask(t testing.TB, fn func(ctx context.Context)) {
	t.Helper()
	err := aio.Run(context.Background(), func(ctx context.Context) error {
		fn(ctx)
		return nil
	}, aio.NoInterrupt())
	if err != nil {
		t.Error(err)
	}
}

const patience = 10 * time.Second
