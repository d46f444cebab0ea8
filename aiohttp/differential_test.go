//go:build unix && !aix

package aiohttp

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// differential sends the same bytes to net/http's server and to one of ours, whose
// handler runs on the loop or on a goroutine of the pool.
type differential struct {
	measure string
	ours    [2]string
}

func newDifferential(t testing.TB) differential {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := http.HandlerFunc(handlers["/echo"])
	s := &http.Server{Handler: h, ErrorLog: quiet()}
	go s.Serve(l)
	t.Cleanup(func() { _ = s.Close() })
	onLoop, pooled := start(t, &Server{Handler: OnLoop(h), Log: silent()}), start(t, &Server{Handler: h, Log: silent()})
	return differential{l.Addr().String(), [2]string{onLoop, pooled}}
}

// compare returns how the answers differ, "" if they do not. seed says where the
// bytes are cut, and in its lowest bit which server is asked. On a busy machine
// net/http may close before a client has read its answer, half a second after it
// was sent, and the system then destroys it. So a difference is one that stays.
func (d differential) compare(request []byte, seed uint64) (difference string) {
	for range 5 {
		want, wantOpen := cutTrip(d.measure, request, seed)
		got, gotOpen := cutTrip(d.ours[seed&1], request, seed)
		if wantOpen == gotOpen && (normal(got) == normal(want) || bytes.Contains(request, []byte("HEAD ")) && unclosed(got) == unclosed(want)) {
			return ""
		}
		difference = fmt.Sprintf("%q, seed %d:\ngot  %q, open %v\nwant %q, open %v", request, seed, normal(got), gotOpen, normal(want), wantOpen)
	}
	return difference
}

// unclosed is an answer without what it says of the connection. With a body that
// ends too early the connection does too, whether it is said or not; the answer
// to HEAD does not show that it is such a one.
func unclosed(answer string) string {
	return strings.ReplaceAll(normal(answer), "Connection: close\r\n", "")
}

// cutTrip sends the bytes in pieces and reads until the server closes. open is
// set if it does not.
func cutTrip(address string, request []byte, seed uint64) (answer string, open bool) {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return err.Error(), false
	}
	defer c.Close()
	// Everything has been read when it is closed: no port need wait.
	_ = c.(*net.TCPConn).SetLinger(0)
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

// hugeChunk is a chunk of 2^63 bytes or more.
var hugeChunk = regexp.MustCompile(`\n[89a-f][0-9a-f]{15}`)

// excepted reports whether the bytes have what we take differently on purpose:
// see the list in the README.
func excepted(request []byte) bool {
	lower := strings.ToLower(string(request))
	chunked := strings.Contains(lower, "transfer-encoding")
	bareLF := strings.Contains(strings.ReplaceAll(lower, "\r\n", ""), "\n")
	return chunked && (bareLF || oddName(lower)) || // in a trailer
		strings.Contains(lower, "\n ") || strings.Contains(lower, "\n\t") || // folded lines
		chunked && (strings.Contains(lower, "content-length") || strings.Contains(lower, "http/1.0")) ||
		hugeChunk.MatchString(lower) || undecided(lower) ||
		strings.Contains(lower, "http/2") || strings.Contains(lower, "upgrade") ||
		differs(string(request))
}

// undecided reports whether a request of HTTP/1.0 may ask for both keep-alive and
// close.
func undecided(request string) bool {
	return strings.Contains(request, "http/1.0") && strings.Count(request, "connection:") > 1 &&
		strings.Contains(request, "keep-alive") && strings.Contains(request, "close")
}

// oddName reports whether a line has a name that is none. A request line behind
// another line is a field.
func oddName(request string) bool {
	before := ""
	for line := range strings.SplitSeq(request, "\r\n") {
		name, _, is := strings.Cut(line, ":")
		if is && !(before == "" && strings.Contains(line, " http/1.")) && !validName(name) {
			return true
		}
		before = line
	}
	return false
}

// What random requests have found, when the stream ends behind them.
func TestWhatRandomRequestsHaveFound(t *testing.T) {
	d := newDifferential(t)
	for _, request := range []string{
		"POST /echo HTTP/1.1\r\nHost: h\r\n\r\n\r\n0\r\n",
		"POST /echo HTTP/1.1\r\nHost: h\r\n\r\n\r\n0",
		"POST /echo HTTP/1.1\r\nHost: h\r\n\r\n\r\n\r\n",
		"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhell\r\n\r\noGET /hello" + end,
		"POST0x5 /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello\r\n\r\nGET /hello" + end,
		"GET /large HTTP/1.0\r\nConnection: keepction: keep-alive\r\n\r\nGET /echo" + end,
		"GET /large HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\n",
		"HEAD /large HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n",
		"POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5 ;\r\nhello\r\n0\r\n\r\n",
		"POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5 \t\r\nhello\r\n0;x \r\n\r\n",
	} {
		for seed := range uint64(2) {
			if difference := d.compare([]byte(request), seed); difference != "" {
				t.Error(difference)
			}
		}
	}
}

// A mutation makes a request that is probably no good out of one that is.
type mutation struct {
	random *rand.Rand
	corpus []string
}

var fragments = []string{
	"\r\n", "\n", "\r", " ", "\t", ":", ",", ";", "\x00", "\x7f", "0", "1", "5", "-1", "+5", "ffff", "0x5", "\r\n\r\n", "0\r\n\r\n", "5\r\nhello\r\n",
	"Host: h\r\n", "Host: other\r\n", "host:h\r\n", "Content-Length: 5\r\n", "Content-Length: 0\r\n", "Content-Length: 5, 5\r\n",
	"Transfer-Encoding: chunked\r\n", "transfer-encoding: Chunked\r\n", "Transfer-Encoding: gzip, chunked\r\n", "Connection: close\r\n",
	"Connection: keep-alive\r\n", "Connection: x, close\r\n", "Expect: 100-continue\r\n", "Trailer: X\r\n", "X: y\r\n", "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
	"HEAD ", "POST ", "OPTIONS * ", "CONNECT h:1 ", "HTTP/1.0", "HTTP/1.1", "HTTP/1.2", "HTTP/0.9", "%20", "%zz", "//", "http://h/", "?", "#", "é", "\xff",
}

func (m *mutation) next() []byte {
	b := []byte(m.corpus[m.random.IntN(len(m.corpus))])
	if m.random.IntN(4) == 0 { // a pipeline
		b = append(b, m.corpus[m.random.IntN(len(m.corpus))]...)
	}
	for range m.random.IntN(4) {
		at := m.random.IntN(len(b) + 1)
		to := min(len(b), at+m.random.IntN(12))
		switch m.random.IntN(6) {
		case 0:
			b = append(b[:at:at], b[to:]...)
		case 1:
			b = append(b[:at:at], append([]byte(fragments[m.random.IntN(len(fragments))]), b[at:]...)...)
		case 2:
			b = append(b[:at:at], append([]byte(fragments[m.random.IntN(len(fragments))]), b[to:]...)...)
		case 3:
			if at < len(b) {
				b[at] = byte(m.random.IntN(256))
			}
		case 4:
			b = append(b[:to:to], b[at:]...) // twice
		case 5:
			lines := bytes.SplitAfter(b, []byte("\n"))
			i, j := m.random.IntN(len(lines)), m.random.IntN(len(lines))
			lines[i], lines[j] = lines[j], lines[i]
			b = bytes.Join(lines, nil)
		}
	}
	return b
}

// Random requests are answered as net/http answers them. AIOHTTP_CASES says how
// many are tried, AIOHTTP_SEED which.
func TestDifferential(t *testing.T) {
	cases, seed := 2000, uint64(1)
	if n, err := strconv.Atoi(os.Getenv("AIOHTTP_CASES")); err == nil {
		cases = n
	}
	if n, err := strconv.ParseUint(os.Getenv("AIOHTTP_SEED"), 10, 64); err == nil {
		seed = n
	}
	var corpus []string
	for _, request := range rawRequests() {
		if len(request) < 400 {
			corpus = append(corpus, request)
		}
	}
	d := newDifferential(t)
	began := time.Now()
	var compared, tried, differences atomic.Int64
	var all sync.WaitGroup
	for worker := range 8 {
		all.Go(func() {
			m := &mutation{rand.New(rand.NewPCG(seed, uint64(worker))), corpus}
			for compared.Load() < int64(cases) && differences.Load() < 20 {
				request, cut := m.next(), m.random.Uint64()
				if tried.Add(1); len(request) > 4096 || excepted(request) {
					continue
				}
				compared.Add(1)
				if difference := d.compare(request, cut); difference != "" {
					differences.Add(1)
					t.Errorf("AIOHTTP_SEED=%d: %s", seed, difference)
				}
			}
		})
	}
	all.Wait()
	t.Logf("seed %d: %d requests compared in %v, %d differences; %d more had what the README lists",
		seed, compared.Load(), time.Since(began).Round(time.Second), differences.Load(), tried.Load()-compared.Load())
}
