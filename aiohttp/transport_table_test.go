//go:build unix && !aix

package aiohttp

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// answer is a case of the table: what a server says, and what both transports
// make of it.
type answer struct {
	name   string
	method string // GET if empty
	body   string // of the request
	bytes  string
	end    bool   // the stream ends
	reused bool   // the connection is used again
	differ string // what ours says instead, where that is on purpose: "error", or "reused"
}

func zipped(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, text)
	_ = w.Close()
	return b.String()
}

func answers() []answer {
	z := zipped("hello, compressed")
	return []answer{
		{name: "length", bytes: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", reused: true},
		{name: "length 0", bytes: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", reused: true},
		{name: "until the end", bytes: "HTTP/1.1 200 OK\r\n\r\nhello", end: true},
		{name: "HTTP/1.0", bytes: "HTTP/1.0 200 OK\r\n\r\nhello", end: true},
		{name: "HTTP/1.0 with a length", bytes: "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello"},
		{name: "HTTP/1.0 kept alive", bytes: "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello", reused: true},
		{name: "close", bytes: "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello"},
		{name: "close among others", bytes: "HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 5\r\n\r\nhello"},
		{name: "chunked", bytes: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n7\r\n, world\r\n0\r\n\r\n", reused: true},
		{name: "chunked with extensions", bytes: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0;c\r\n\r\n", reused: true},
		{name: "trailers", bytes: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: A, b\r\n\r\n5\r\nhello\r\n0\r\nA: 1\r\nC: 2\r\n\r\n", reused: true},
		{name: "forbidden trailer", bytes: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: Content-Length\r\n\r\n0\r\n\r\n"},
		{name: "folded trailer", bytes: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: 1\r\n 2\r\n\t3\r\nB: 4\r\n\r\n", reused: true},
		{name: "folded trailer that continues nothing", bytes: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n A: 1\r\nB: 4\r\n 5\r\n\r\n"},
		{name: "trailer without a colon", bytes: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA\r\n : 1\r\n\r\n"},
		{name: "longest trailer", bytes: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA:" + strings.Repeat("b", 4090) + "\r\n\r\n", reused: true},
		{name: "trailer that is too long", bytes: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA:" + strings.Repeat("b", 4091) + "\r\n\r\n"},
		{name: "longest line of a chunk", bytes: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;" + strings.Repeat("b", 4092) + "\r\nhello\r\n0\r\n\r\n", reused: true},
		{name: "line of a chunk that is too long", bytes: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;" + strings.Repeat("b", 4093) + "\r\nhello\r\n0\r\n\r\n"},
		{name: "extensions of the last chunk that are too much", bytes: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + strings.Repeat("1;"+strings.Repeat("b", 4000)+"\r\na\r\n", 4) + "0;" + strings.Repeat("b", 4000) + "\r\n\r\n", reused: true},
		{name: "extensions that are too much", bytes: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + strings.Repeat("1;"+strings.Repeat("b", 4000)+"\r\na\r\n", 5) + "0\r\n\r\n"},
		{name: "a chunk longer than it says", bytes: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello!!"},
		{name: "CR CR LF after a chunk", bytes: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\r\n0\r\n\r\n"},
		{name: "CR in the line of a chunk", bytes: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;\rx\r\nhello\r\n0\r\n\r\n"},
		{name: "space before an extension", bytes: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5 ;x\r\nhello\r\n0\r\n\r\n"},
		{name: "17 digits", bytes: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n00000000000000005\r\nhello\r\n0\r\n\r\n"},
		{name: "chunked that ends early", bytes: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", end: true},
		{name: "chunked without the last", bytes: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", end: true},
		{name: "bad chunk", bytes: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfive\r\nhello\r\n0\r\n\r\n"},
		{name: "length that ends early", bytes: "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", end: true},
		{name: "204", bytes: "HTTP/1.1 204 No Content\r\n\r\n", reused: true},
		{name: "204 with a length", bytes: "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", reused: true},
		{name: "304 with a length", bytes: "HTTP/1.1 304 Not Modified\r\nContent-Length: 50\r\nEtag: \"x\"\r\n\r\n", reused: true},
		{name: "304 chunked", bytes: "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n", reused: true},
		{name: "HEAD", method: "HEAD", bytes: "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n", reused: true},
		{name: "HEAD without a length", method: "HEAD", bytes: "HTTP/1.1 200 OK\r\n\r\n", reused: true},
		{name: "HEAD chunked", method: "HEAD", bytes: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", reused: true},
		{name: "POST", method: "POST", body: "hello", bytes: "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok", reused: true},
		{name: "no reason", bytes: "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", reused: true},
		{name: "no reason, a space", bytes: "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", reused: true},
		{name: "odd status", bytes: "HTTP/1.1 799 Odd One\r\nContent-Length: 0\r\n\r\n", reused: true},
		{name: "spaces before the status", bytes: "HTTP/1.1   200 OK\r\nContent-Length: 0\r\n\r\n", reused: true},
		{name: "bare line feeds", bytes: "HTTP/1.1 200 OK\nContent-Length: 5\n\nhello", reused: true},
		{name: "values with space around", bytes: "HTTP/1.1 200 OK\r\nA: \t b \t\r\nContent-Length: 0\r\n\r\n", reused: true},
		{name: "lower case", bytes: "HTTP/1.1 200 OK\r\nx-y-z: b\r\ncontent-length: 0\r\n\r\n", reused: true},
		{name: "several of a name", bytes: "HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nX: y\r\nSet-Cookie: b=2\r\nContent-Length: 0\r\n\r\n", reused: true},
		{name: "folded", bytes: "HTTP/1.1 200 OK\r\nA: one\r\n two\r\n\tthree\r\nContent-Length: 0\r\n\r\n", reused: true},
		{name: "folded first line", bytes: "HTTP/1.1 200 OK\r\n A: one\r\nContent-Length: 0\r\n\r\n"},
		{name: "folded first line of spaces", bytes: "HTTP/1.1 200 OK\r\n \r\nA: one\r\n two\r\nContent-Length: 0\r\n\r\n"},
		{name: "folded name", bytes: "HTTP/1.1 200 OK\r\nA\r\n : one\r\nContent-Length: 0\r\n\r\n"},
		{name: "CR before a folded line", bytes: "HTTP/1.1 200 OK\r\nA: one\r\r\n two\r\nContent-Length: 0\r\n\r\n"},
		{name: "pragma", bytes: "HTTP/1.1 200 OK\r\nPragma: no-cache\r\nContent-Length: 0\r\n\r\n", reused: true},
		{name: "equal lengths", bytes: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello", reused: true},
		{name: "different lengths", bytes: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello"},
		{name: "bad length", bytes: "HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello"},
		{name: "negative length", bytes: "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello"},
		{name: "empty length", bytes: "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nhello"},
		{name: "unknown coding", bytes: "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nhello"},
		{name: "coding with a Kelvin sign", bytes: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chun\u212aed\r\n\r\n5\r\nhello\r\n0\r\n\r\n"},
		{name: "two codings", bytes: "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\nhello"},
		{name: "coding in HTTP/1.0", bytes: "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\nhello"},
		{name: "length and coding", bytes: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n", reused: true, differ: "not reused"},
		{name: "no colon", bytes: "HTTP/1.1 200 OK\r\nA\r\nContent-Length: 0\r\n\r\n"},
		{name: "space before the colon", bytes: "HTTP/1.1 200 OK\r\nA : b\r\nContent-Length: 0\r\n\r\n", reused: true, differ: "error"},
		{name: "empty name", bytes: "HTTP/1.1 200 OK\r\n: b\r\nContent-Length: 0\r\n\r\n"},
		{name: "nul in a value", bytes: "HTTP/1.1 200 OK\r\nA: b\x00\r\nContent-Length: 0\r\n\r\n"},
		{name: "CR in a value", bytes: "HTTP/1.1 200 OK\r\nA: b\rc\r\nContent-Length: 0\r\n\r\n"},
		{name: "bytes beyond ASCII", bytes: "HTTP/1.1 200 OK\r\nA: \xffb\r\nContent-Length: 0\r\n\r\n", reused: true},
		{name: "no status line", bytes: "hello\r\n\r\n"},
		{name: "another protocol", bytes: "SSH-2.0-OpenSSH_9.6\r\n"},
		{name: "bad version", bytes: "HTTX/1.1 200 OK\r\n\r\n"},
		{name: "short status", bytes: "HTTP/1.1 20 OK\r\n\r\n"},
		{name: "long status", bytes: "HTTP/1.1 2000 OK\r\n\r\n"},
		{name: "status of letters", bytes: "HTTP/1.1 abc OK\r\n\r\n"},
		{name: "empty line first", bytes: "\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"},
		{name: "nothing", end: true},
		{name: "half a head", bytes: "HTTP/1.1 200 OK\r\nConte", end: true},
		{name: "informed", bytes: "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", reused: true},
		{name: "informed thrice", bytes: "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", reused: true},
		{name: "gzip", bytes: fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s", len(z), z), reused: true},
		{name: "GZIP", bytes: fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Encoding: GZIP\r\nContent-Length: %d\r\n\r\n%s", len(z), z), reused: true},
		{name: "gzip that is none", bytes: "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello", reused: true},
		{name: "gzip of nothing", bytes: "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 0\r\n\r\n", reused: true},
		{name: "large", bytes: "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + strings.Repeat("0123456789", 10000), reused: true},
		{name: "large head", bytes: "HTTP/1.1 200 OK\r\nA: " + strings.Repeat("b", 100000) + "\r\nContent-Length: 0\r\n\r\n", reused: true},
		{name: "large chunks", bytes: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + strings.Repeat("2710\r\n"+strings.Repeat("0123456789", 1000)+"\r\n", 10) + "0\r\n\r\n", reused: true},
	}
}

// Both transports make the same of what a server says, and use the connection
// again in the same cases.
func TestAnswers(t *testing.T) {
	server := newScriptedServer(t)
	for _, a := range answers() {
		if a.method == "" {
			a.method = "GET"
		}
		t.Run(a.name, func(t *testing.T) {
			twice := func(ctx context.Context, transport http.RoundTripper) (string, bool) {
				server.script(a.bytes, a.end, uint64(len(a.bytes)))
				first := exchanged(ctx, transport, a.method, server.url(), strings.NewReader(a.body))
				second := exchanged(ctx, transport, a.method, server.url(), strings.NewReader(a.body))
				if first != second {
					t.Errorf("first\n%s\nthen\n%s", first, second)
				}
				return first, server.used() == 1
			}
			measure := &http.Transport{}
			want, reused := twice(context.Background(), measure)
			measure.CloseIdleConnections()
			if reused != a.reused {
				t.Errorf("net/http uses the connection again: %v", reused)
			}
			if a.differ == "error" {
				reused, want = false, "error"
			}
			if a.differ == "not reused" {
				reused = false
				want = strings.Replace(want, "close false", "close true", 1)
			}
			check := func(t *testing.T, ctx context.Context) {
				ours := &Transport{}
				defer ours.CloseIdleConnections()
				got, again := twice(ctx, ours)
				if got != want || again != reused {
					t.Errorf("got, used again %v\n%s\nwant, used again %v\n%s", again, got, reused, want)
				}
			}
			t.Run("goroutine", func(t *testing.T) { check(t, context.Background()) })
			t.Run("task", func(t *testing.T) { inTask(t, func(ctx context.Context) { check(t, ctx) }) })
		})
	}
}
