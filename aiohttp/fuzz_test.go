//go:build unix && !aix

package aiohttp

import (
	"bytes"
	"net/http"
	"testing"
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
