//go:build unix && !aix

package aiohttp

import (
	"bufio"
	"context"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// described is what there is to a response's head, as text.
func described(r *http.Response) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %d.%d %q %d length %d close %v te %v", r.Proto, r.ProtoMajor, r.ProtoMinor, r.Status, r.StatusCode,
		r.ContentLength, r.Close, r.TransferEncoding)
	for _, header := range []http.Header{r.Header, r.Trailer} {
		for _, key := range slices.Sorted(maps.Keys(header)) {
			fmt.Fprintf(&b, " %s: %q", key, header[key])
		}
	}
	return b.String()
}

var (
	spaceBeforeColon = regexp.MustCompile(`\n[^:\n]*[ \t][^:\n]*:`)
	emptyFold        = regexp.MustCompile(`\n[ \t]+\r?\n`)
	folding          = regexp.MustCompile(`\n[ \t]`)
)

// stricterWith reports whether a response has what we take differently than
// net/http does: see the list in the README.
func stricterWith(answer string) bool {
	lower := strings.ToLower(answer)
	return emptyFold.MatchString(answer) || strings.HasPrefix(answer, "HTTP/0.0") || spaceBeforeColon.MatchString(folding.ReplaceAllString(answer, "")) ||
		strings.Contains(lower, "transfer-encoding") && strings.Contains(lower, "content-length")
}

// FuzzResponseHead has net/http and us read the same heads.
func FuzzResponseHead(f *testing.F) {
	for _, a := range answers() {
		if len(a.bytes) < 300 {
			f.Add(a.bytes, a.method == http.MethodHead)
		}
	}
	f.Fuzz(func(t *testing.T, text string, head bool) {
		n := endOfHead([]byte(text), 0)
		if n < 0 || n > 4096 {
			return
		}
		text = text[:n]
		request := &http.Request{Method: http.MethodGet}
		if head {
			request.Method = http.MethodHead
		}
		ours := &http.Response{Request: request}
		err := parseResponse(text, ours)
		measure, wantErr := http.ReadResponse(bufio.NewReader(strings.NewReader(text)), request)
		if stricterWith(text) {
			return
		}
		if (err != nil) != (wantErr != nil) {
			t.Fatalf("%q: %v, net/http %v", text, err, wantErr)
		}
		if err == nil && described(ours) != described(measure) {
			t.Errorf("%q:\n     got %s\nnet/http %s", text, described(ours), described(measure))
		}
	})
}

// FuzzTransport sends the same bytes, cut in the same places, to net/http's
// transport and to ours.
func FuzzTransport(f *testing.F) {
	for _, a := range answers() {
		if len(a.bytes) < 300 {
			f.Add(a.bytes, a.method == http.MethodHead, uint64(len(a.bytes)))
		}
	}
	server := newScriptedServer(f)
	measure := &http.Transport{}
	f.Fuzz(func(t *testing.T, answer string, head bool, seed uint64) {
		if len(answer) > 4096 || stricterWith(answer) || differsWith(answer) {
			return
		}
		method := http.MethodGet
		if head {
			method = http.MethodHead
		}
		ask := func(transport http.RoundTripper) string {
			server.script(answer, true, seed)
			return exchanged(context.Background(), transport, method, server.url(), nil)
		}
		want := ask(measure)
		measure.CloseIdleConnections()
		ours := &Transport{}
		got := ask(ours)
		ours.CloseIdleConnections()
		if got != want {
			t.Errorf("%q\ngot\n%s\nwant\n%s", answer, got, want)
		}
	})
}

// differsWith reports whether a body has what we take differently.
func differsWith(answer string) bool {
	lower := strings.ToLower(answer)
	chunked := strings.Contains(lower, "transfer-encoding")
	return chunked && strings.Contains(strings.ReplaceAll(lower, "\r\n", ""), "\n") || // in a trailer
		hugeChunk.MatchString(lower) ||
		strings.Contains(lower, " 101") // whose body is the connection
}
