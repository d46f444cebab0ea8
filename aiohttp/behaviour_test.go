//go:build unix && !aix

package aiohttp

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// handlers are what the requests of the table are sent to, by path.
var handlers = map[string]http.HandlerFunc{
	"/hello":   func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "hello") },
	"/nothing": func(http.ResponseWriter, *http.Request) {},
	"/echo": func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %q failed %v %v\n", r.Method, body, err != nil, r.ContentLength)
		keys := []string{}
		for key, values := range r.Header {
			keys = append(keys, fmt.Sprintf("%s=%q", key, values))
		}
		for key, values := range r.Trailer {
			keys = append(keys, fmt.Sprintf("trailer %s=%q", key, values))
		}
		slices.Sort(keys)
		fmt.Fprintf(w, "%q host %q uri %q url %q te %q close %v proto %s\n", keys, r.Host, r.RequestURI, r.URL, r.TransferEncoding, r.Close, r.Proto)
	},
	"/unread": func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "did not look") },
	"/some": func(w http.ResponseWriter, r *http.Request) {
		var b [3]byte
		n, err := io.ReadFull(r.Body, b[:])
		fmt.Fprintf(w, "%q %v", b[:n], err)
	},
	"/large": func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, strings.Repeat("0123456789abcdef", 10000))
	},
	"/pieces": func(w http.ResponseWriter, r *http.Request) {
		for i := range 300 {
			io.WriteString(w, strings.Repeat(string(rune('a'+i%26)), i))
		}
	},
	"/flush": func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "one")
		w.(http.Flusher).Flush()
		io.WriteString(w, "two")
	},
	"/flush-first": func(w http.ResponseWriter, r *http.Request) {
		if err := http.NewResponseController(w).Flush(); err != nil {
			panic(err)
		}
	},
	"/length": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "5")
		io.WriteString(w, "12345")
	},
	"/too-long": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "5")
		n, err := io.WriteString(w, "1234567")
		if n != 0 || !errors.Is(err, http.ErrContentLength) {
			panic(fmt.Sprint(n, err))
		}
	},
	"/too-short": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "5")
		io.WriteString(w, "12")
	},
	"/bad-length": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "five")
		io.WriteString(w, "12")
	},
	"/created":      func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(201); io.WriteString(w, "made") },
	"/teapot-odd":   func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(799) },
	"/no-content":   func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(204) },
	"/not-modified": func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Etag", `"x"`); w.WriteHeader(304) },
	"/not-modified-with": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/css")
		w.Header().Set("Content-Length", "100")
		w.WriteHeader(304)
	},
	"/no-content-body": func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(204)
		if _, err := io.WriteString(w, "x"); err != http.ErrBodyNotAllowed {
			panic(err)
		}
	},
	"/redirect": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/there", http.StatusFound) },
	"/error":    func(w http.ResponseWriter, r *http.Request) { http.Error(w, "no", 500) },
	"/close": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close")
		io.WriteString(w, "last")
	},
	"/late-header": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Early", "yes")
		w.WriteHeader(200)
		w.Header().Set("X-Late", "no")
		io.WriteString(w, "x")
	},
	"/header-after-write": func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "x")
		w.Header().Set("X-Late", "no")
	},
	"/values": func(w http.ResponseWriter, r *http.Request) {
		w.Header()["X-Many"] = []string{"b", "a", " spaced ", "two\r\nlines"}
		w.Header()["bad name"] = []string{"x"}
		w.Header()["x-lower"] = []string{"kept"}
		w.Header().Set("Date", "never")
	},
	"/no-date": func(w http.ResponseWriter, r *http.Request) { w.Header()["Date"] = nil },
	"/no-type": func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Content-Type"] = nil
		io.WriteString(w, "<html>")
	},
	"/html": func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "<html><body>") },
	"/encoded": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		io.WriteString(w, "x")
	},
	"/trailers": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Trailer", "X-Sum, Content-Length")
		io.WriteString(w, "body")
		w.Header().Set("X-Sum", "42")
		w.Header().Set(http.TrailerPrefix+"X-More", "43")
	},
	"/trailer-announced": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Trailer", "X-Sum")
		w.Header().Set("X-Sum", "42")
		io.WriteString(w, "body")
	},
	"/trailer-prefix": func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "body")
		w.(http.Flusher).Flush()
		w.Header().Set(http.TrailerPrefix+"X-More", "43")
	},
	"/identity": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Transfer-Encoding", "identity")
		io.WriteString(w, strings.Repeat("x", 3000))
	},
	"/hints": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Link", "</style.css>; rel=preload")
		w.WriteHeader(103)
		w.Header().Set("X-Final", "yes")
		io.WriteString(w, "x")
	},
	"/panic": func(w http.ResponseWriter, r *http.Request) { panic("boom") },
	"/panic-late": func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "part")
		w.(http.Flusher).Flush()
		panic("boom")
	},
	"/abort": func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) },
	"/max-bytes": func(w http.ResponseWriter, r *http.Request) {
		_, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 3))
		fmt.Fprint(w, err)
	},
	"/hijack": func(w http.ResponseWriter, r *http.Request) {
		c, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		defer c.Close()
		line, _ := buffered.ReadString('\n')
		fmt.Fprintf(c, "raw %q", line)
	},
	"/switch": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Upgrade", "x")
		w.Header().Set("Connection", "Upgrade")
		w.WriteHeader(101)
		c, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		io.WriteString(c, "switched")
		c.Close()
	},
	"/boundary": func(w http.ResponseWriter, r *http.Request) {
		n := 0
		fmt.Sscan(r.URL.RawQuery, &n)
		io.WriteString(w, strings.Repeat("x", n))
	},
	"/content": func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "x.txt", time.Unix(1e9, 0), strings.NewReader(strings.Repeat("line\n", 1000)))
	},
	"/file": func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, largeFile) },
	"/file-chunked": func(w http.ResponseWriter, r *http.Request) {
		f, _ := os.Open(largeFile)
		defer f.Close()
		n, err := io.Copy(w, f)
		if n != largeFileSize && r.Method != "HEAD" || err != nil {
			panic(fmt.Sprint(n, err))
		}
	},
	"/file-after-text": func(w http.ResponseWriter, r *http.Request) {
		f, _ := os.Open(largeFile)
		defer f.Close()
		w.Header().Set("Content-Length", fmt.Sprint(largeFileSize/2+5))
		io.WriteString(w, "text ")
		io.CopyN(w, f, largeFileSize/2)
	},
	"/file-small": func(w http.ResponseWriter, r *http.Request) {
		f, _ := os.Open(largeFile)
		defer f.Close()
		io.CopyN(w, f, 100)
	},
	"/file-too-short": func(w http.ResponseWriter, r *http.Request) {
		f, _ := os.Open(largeFile)
		defer f.Close()
		w.Header().Set("Content-Length", fmt.Sprint(largeFileSize+1))
		io.Copy(w, f)
	},
	"/values-of-context": func(w http.ResponseWriter, r *http.Request) {
		_, server := r.Context().Value(http.ServerContextKey).(*http.Server)
		fmt.Fprint(w, server, r.Context().Value(http.LocalAddrContextKey) != nil, r.Context().Err())
	},
}

const largeFileSize = 300_000

// largeFile is the path of a file for the handlers above.
var largeFile string

func writeLargeFile(t *testing.T) {
	largeFile = filepath.Join(t.TempDir(), "large.txt")
	if err := os.WriteFile(largeFile, []byte(strings.Repeat("0123456789abcde\n", largeFileSize/16+1)[:largeFileSize]), 0o600); err != nil {
		t.Fatal(err)
	}
}

func router() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h := handlers[r.URL.Path]; h != nil {
			h(w, r)
			return
		}
		http.NotFound(w, r)
	})
}

const end = " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"

// rawRequests are sent to net/http and to us. The last request of each closes
// the connection, or is one that must.
func rawRequests() []string {
	requests := []string{
		"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello",
		"POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\nhello\r\n6;ext=1\r\n world\r\n0\r\n\r\n",
		"POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\nConnection: close\r\n\r\n1\r\na\r\n0\r\nX-Sum: 1\r\nX-Other: 2\r\n\r\n",
		"POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: CHUNKED\r\nConnection: close\r\n\r\n0\r\n\r\n",
		"POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chun\u212aed\r\nConnection: close\r\n\r\n0\r\n\r\n",
		"GET /hello HTTP/1.0\r\nConnection: \u212aeep-alive\r\n\r\nGET /hello HTTP/1.0\r\n\r\n",
		"GET /hello HTTP/1.0\r\nConnection: keep-alive, clo\u017fe\r\n\r\nGET /hello HTTP/1.0\r\n\r\n",
		"GET /echo?q=1&r=%20 HTTP/1.1\r\nHost: h\r\nx-lower: a\r\nX-Lower: b\r\nAccept:   spaced  \r\nConnection: close\r\n\r\n",
		"GET http://other/echo HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
		"GET /ec%68o HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
		"GET //echo HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
		"OPTIONS * HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
		"CONNECT host:80 HTTP/1.1\r\nHost: host:80\r\nConnection: close\r\n\r\n",
		"GET /hello HTTP/1.0\r\n\r\n",
		"GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /hello HTTP/1.0\r\n\r\n",
		"GET /large HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
		"GET /hello HTTP/1.1\r\nHost: h\r\n\r\nGET /created HTTP/1.1\r\nHost: h\r\n\r\nGET /hello" + end,
		"POST /unread HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhelloGET /hello" + end,
		"POST /some HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\nGET /hello" + end,
		"POST /max-bytes HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello",
		"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\nConnection: close\r\n\r\nhello",
		"POST /echo HTTP/1.1\r\nHost: h\r\nExpect: tea\r\n\r\n",
		"GET /hijack HTTP/1.1\r\nHost: h\r\n\r\nraw bytes\n",
		"GET /switch HTTP/1.1\r\nHost: h\r\n\r\n",
		"\r\nGET /hello" + end,
		"GET /hello HTTP/1.1\nHost: h\nConnection: close\n\n",
		"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello\r\n\r\nGET /hello" + end,
		"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello\nGET /hello" + end,
		"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello\n\n\n\n\nGET /hello" + end,
		"PUT /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello\nGET /hello" + end,
		"GET /content HTTP/1.1\r\nHost: h\r\nRange: bytes=5-9\r\nConnection: close\r\n\r\n",
		"GET /content HTTP/1.1\r\nHost: h\r\nIf-Modified-Since: Sun, 09 Sep 2001 01:46:40 GMT\r\nConnection: close\r\n\r\n",
		"GET /file HTTP/1.1\r\nHost: h\r\nRange: bytes=100000-299998\r\nConnection: close\r\n\r\n",
		"GET /file HTTP/1.1\r\nHost: h\r\nRange: bytes=-100000\r\n\r\nGET /hello" + end,
		"GET /file HTTP/1.1\r\nHost: h\r\nRange: bytes=300000-\r\nConnection: close\r\n\r\n",
		"GET /hello HTTP/1.1\r\nHost: h\r\n\r\nHEAD /file HTTP/1.1\r\nHost: h\r\n\r\nGET /file HTTP/1.1\r\nHost: h\r\n\r\nGET /file" + end,
		// what cannot be read
		"GET /hello\r\n\r\n",
		"GET  /hello HTTP/1.1\r\nHost: h\r\n\r\n",
		"G@T /hello HTTP/1.1\r\nHost: h\r\n\r\n",
		"GET hello HTTP/1.1\r\nHost: h\r\n\r\n",
		"GET /hello HTTP/2.0\r\nHost: h\r\n\r\n",
		"GET /hello HTTP/1.2\r\nHost: h\r\nConnection: close\r\n\r\n",
		"GET /hello HTP/1.1\r\nHost: h\r\n\r\n",
		"GET /hello HTTP/1.1\r\n\r\n",
		"GET /hello HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n",
		"GET /hello HTTP/1.1\r\nHost: a b\r\n\r\n",
		"GET /hello HTTP/1.1\r\nHost : h\r\n\r\n",
		"GET /hello HTTP/1.1\r\nHost: h\r\nBad Name: x\r\n\r\n",
		"GET /hello HTTP/1.1\r\nHost: h\r\nno colon\r\n\r\n",
		"GET /hello HTTP/1.1\r\nHost: h\r\n: empty\r\n\r\n",
		"GET /hello HTTP/1.1\r\nHost: h\r\nX: a\x00b\r\n\r\n",
		"GET /hello HTTP/1.1\r\nHost: h\r\nX: a\rb\r\n\r\n",
		"GET /hel\x00lo HTTP/1.1\r\nHost: h\r\n\r\n",
		"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
		"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello",
		"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: +5\r\n\r\nhello",
		"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: -5\r\n\r\nhello",
		"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: \r\n\r\nhello",
		"POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n",
		"POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked, chunked\r\n\r\n",
		"POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
		"POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTrailer: Content-Length\r\n\r\n0\r\n\r\n",
		"POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\nxyz\r\n",
		"POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\nhello\r\n0\r\n\r\n",
		"POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\nhelloX\r\n0\r\n\r\n",
		"POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n 5\r\nhello\r\n0\r\n\r\n",
		"POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5 \r\nhello\r\n0\r\n\r\n",
		"POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n",
		"POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\nfffffffffffffffff\r\nhello\r\n0\r\n\r\n",
	}
	for _, n := range []int{0, 1, 2047, 2048, 2049, 4096, 16384} {
		requests = append(requests, fmt.Sprintf("GET /boundary?%d", n)+end, fmt.Sprintf("HEAD /boundary?%d", n)+end)
	}
	var paths []string
	for path := range handlers {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	for _, path := range paths {
		if path == "/hijack" || path == "/switch" {
			continue
		}
		requests = append(requests, "GET "+path+end, "HEAD "+path+end,
			"GET "+path+" HTTP/1.0\r\n\r\n", "GET "+path+" HTTP/1.1\r\nHost: h\r\n\r\nGET /hello"+end)
	}
	return requests
}

var dateLine = regexp.MustCompile(`Date: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r\n`)

var statusLine = regexp.MustCompile(`HTTP/1\.[01] \d{3} `)

// normal makes two answers comparable: the fields of each head sorted.
func normal(answer string) string {
	answer = dateLine.ReplaceAllString(answer, "Date: now\r\n")
	var b strings.Builder
	for answer != "" {
		head, rest, found := strings.Cut(answer, "\r\n\r\n")
		if !found || !strings.HasPrefix(head, "HTTP/") {
			break
		}
		lines := strings.Split(head, "\r\n")
		if refused(lines) {
			// A request with two faults has the one or the other status.
			return b.String() + "refused"
		}
		if strings.Contains(rest, " failed true ") {
			// The connection ends with a body that does, whether it is said or not.
			lines = slices.DeleteFunc(lines, func(line string) bool { return strings.HasPrefix(line, "Connection: ") })
		}
		slices.Sort(lines[1:])
		b.WriteString(strings.Join(lines, "\r\n") + "\r\n\r\n")
		next := len(rest)
		if found := statusLine.FindStringIndex(rest); found != nil {
			next = found[0]
		}
		body := rest[:next]
		if slices.Contains(lines, "Transfer-Encoding: chunked") {
			body = joinChunks(body)
		}
		b.WriteString(body)
		answer = rest[next:]
	}
	return b.String() + answer
}

// joinChunks makes one chunk of several, for where they are cut means nothing.
func joinChunks(body string) string {
	var joined strings.Builder
	for {
		line, rest, _ := strings.Cut(body, "\r\n")
		n, err := strconv.ParseInt(line, 16, 64)
		if err != nil || n == 0 || int(n) > len(rest)-2 {
			return fmt.Sprintf("%d in chunks: %s, then %q", joined.Len(), joined.String(), body)
		}
		joined.WriteString(rest[:n])
		body = rest[n+2:]
	}
}

// refused reports whether an answer says that a request cannot be read. It has
// no date, and the reason is worded differently.
func refused(head []string) bool {
	error := strings.HasPrefix(head[0], "HTTP/1.1 4") || strings.HasPrefix(head[0], "HTTP/1.1 5")
	return error && !slices.ContainsFunc(head, func(line string) bool { return strings.HasPrefix(line, "Date: ") })
}

// What raw bytes bring from net/http they bring from us.
func TestAnswersAreNetHTTPs(t *testing.T) {
	writeLargeFile(t)
	all := subjects()
	measure := all[0].serve(t, router())
	for _, s := range all[1:] {
		t.Run(s.name, func(t *testing.T) {
			address := s.serve(t, router())
			for _, request := range rawRequests() {
				want := normal(roundTrip(t, measure, request))
				if got := normal(roundTrip(t, address, request)); got != want && !differs(request) {
					t.Errorf("%.200q:\n got %.600q\nwant %.600q", request, got, want)
				}
			}
		})
	}
}

// differs holds the requests that we answer differently on purpose. The README
// has the list.
func differs(request string) bool {
	return strings.Contains(request, "/max-bytes") || // only net/http's own writer can be told to close
		strings.Contains(request, "/bad-length") || // a length that is none is not sent
		strings.Contains(request, "/hints HTTP/1.0") // HTTP/1.0 has no informational answers
}
