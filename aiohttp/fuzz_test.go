//go:build unix && !aix

package aiohttp

import (
	"bufio"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// FuzzServer sends the same bytes, cut in the same places, to net/http's server
// and to ours, and wants the same answers.
func FuzzServer(f *testing.F) {
	for _, request := range rawRequests() {
		if len(request) < 300 {
			f.Add([]byte(request), uint64(len(request)))
		}
	}
	d := newDifferential(f)
	f.Fuzz(func(t *testing.T, request []byte, seed uint64) {
		if len(request) > 4096 || excepted(request) {
			return
		}
		if difference := d.compare(request, seed); difference != "" {
			t.Error(difference)
		}
	})
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
		if h.parse(text[:n]) != nil {
			return
		}
		if h.request.URL == nil || h.request.Header == nil || h.length < 0 || h.chunked && h.length > 0 {
			t.Errorf("%q: %+v", text, h)
		}
	})
}

// FuzzChunks has net/http and us read the same chunked bodies of responses, with
// their trailers.
func FuzzChunks(f *testing.F) {
	f.Add("5\r\nhello\r\n0\r\n\r\n", 7)
	f.Add("5;x=y\r\nhello\r\n0\r\nA: b\r\n\r\n", 1)
	f.Add("5 \t\r\nhello\r\n00;\r\nA: b\r\n c\r\nB:d\r\n\r\n", 100)
	f.Fuzz(func(t *testing.T, text string, piece int) {
		if len(text) > 4000 || stricterWith(text) || hugeChunk.MatchString("\n"+strings.ToLower(text)) {
			return
		}
		in := &input{conn: iotest.OneByteReader(strings.NewReader(text))}
		in.open()
		defer in.close()
		var trailer http.Header
		ours := &chunks{folds: true, trailer: func(h http.Header) { trailer = h }}
		got, err := readPieces(piece, func(p []byte) (int, error) { return ours.read(in, p) })

		measure, _ := http.ReadResponse(bufio.NewReader(strings.NewReader(
			"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"+text)), nil)
		want, wantErr := readPieces(piece, measure.Body.Read)
		if got != want || (err == nil) != (wantErr == nil) && !bareLF(text) {
			t.Fatalf("%q: %q, %v; net/http %q, %v", text, got, err, want, wantErr)
		}
		if err == nil && !maps.EqualFunc(trailer, measure.Trailer, slices.Equal) {
			t.Errorf("%q: trailer %q, net/http %q", text, trailer, measure.Trailer)
		}
	})
}

// bareLF reports whether a line ends with no CR, which our trailers may not have.
func bareLF(text string) bool { return strings.Contains(strings.ReplaceAll(text, "\r\n", ""), "\n") }

func readPieces(size int, read func([]byte) (int, error)) (string, error) {
	p := make([]byte, 1+uint(size)%64)
	var b strings.Builder
	for {
		n, err := read(p)
		b.Write(p[:n])
		if err == io.EOF {
			return b.String(), nil
		}
		if err != nil {
			return b.String(), err
		}
	}
}
