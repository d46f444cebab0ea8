//go:build unix && !aix

package aiohttp

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

// FuzzServer sends the same bytes, cut in the same places, to net/http's server
// and to ours, and wants the same answers.
func FuzzServer(f *testing.F) {
	for _, request := range rawRequests() {
		if len(request) < 300 {
			f.Add([]byte(request), uint64(len(request)))
		}
	}
	measure, ours := fuzzServers(f)
	f.Fuzz(func(t *testing.T, request []byte, seed uint64) {
		if len(request) > 4096 || stricter(request) || differs(string(request)) {
			return
		}
		want, wantOpen := cutTrip(t, measure, request, seed)
		got, gotOpen := cutTrip(t, ours, request, seed)
		if normal(got) != normal(want) || wantOpen != gotOpen {
			t.Errorf("got  %q, open %v\nwant %q, open %v", normal(got), gotOpen, normal(want), wantOpen)
		}
	})
}

func fuzzServers(f *testing.F) (measure, ours string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		f.Fatal(err)
	}
	h := http.HandlerFunc(handlers["/echo"])
	s := &http.Server{Handler: h, ErrorLog: quiet()}
	go s.Serve(l)
	f.Cleanup(func() { _ = s.Close() })
	return l.Addr().String(), start(f, &Server{Handler: OnLoop(h), Log: silent()})
}

// hugeChunk is a chunk of 2^63 bytes or more.
var hugeChunk = regexp.MustCompile(`\n[89a-f][0-9a-f]{15}`)

// stricter reports whether the bytes have what we refuse and net/http does not,
// or take differently: see the list in the README.
func stricter(request []byte) bool {
	lower := strings.ToLower(string(request))
	chunked := strings.Contains(lower, "transfer-encoding")
	bareLF := strings.Contains(strings.ReplaceAll(lower, "\r\n", ""), "\n")
	return chunked && bareLF || // in a trailer
		strings.Contains(lower, "\n ") || strings.Contains(lower, "\n\t") || // folded lines
		chunked && (strings.Contains(lower, "content-length") || strings.Contains(lower, "http/1.0")) ||
		hugeChunk.MatchString(lower) ||
		strings.Contains(lower, "\n\r\n\r\n") || strings.Contains(lower, "\n\n\r\n") || // an empty line before a request
		strings.Contains(lower, "http/2") || strings.Contains(lower, "upgrade")
}

// cutTrip sends the bytes in pieces and reads until the server is quiet or
// closes.
func cutTrip(t *testing.T, address string, request []byte, seed uint64) (answer string, open bool) {
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	random := rand.New(rand.NewPCG(seed, 0))
	for rest := request; len(rest) > 0; {
		n := min(len(rest), 1+random.IntN(64))
		if _, err := c.Write(rest[:n]); err != nil {
			break // the server has closed; what it said is still to be read
		}
		rest = rest[n:]
	}
	// The end of the stream tells the server that no more comes, so that nobody
	// need wait for a timeout: it answers what it has, and closes.
	_ = c.(*net.TCPConn).CloseWrite()
	_ = c.SetReadDeadline(time.Now().Add(20 * time.Second))
	var b bytes.Buffer
	_, err = io.Copy(&b, c)
	timeout, _ := err.(net.Error)
	return b.String(), timeout != nil && timeout.Timeout()
}

func FuzzHead(f *testing.F) {
	for _, request := range rawRequests() {
		f.Add(request)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n := endOfHead([]byte(text), 0)
		if n < 0 {
			return
		}
		var h head
		r := &http.Request{}
		if h.parse(text[:n], r) != nil {
			return
		}
		if r.URL == nil || r.Header == nil || h.length < 0 || h.chunked && h.length > 0 {
			t.Errorf("%q: %+v", text, h)
		}
	})
}

func FuzzChunks(f *testing.F) {
	f.Add([]byte("5\r\nhello\r\n0\r\n\r\n"))
	f.Add([]byte("5;x=y\r\nhello\r\n0\r\nA: b\r\n\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		in := &input{conn: bytes.NewReader(b)}
		in.open()
		defer in.close()
		c := &chunks{}
		total := 0
		var p [7]byte
		for {
			n, err := c.read(in, p[:])
			if total += n; err != nil {
				break
			}
		}
		if total > len(b) {
			t.Errorf("%d bytes of body out of %d", total, len(b))
		}
	})
}
