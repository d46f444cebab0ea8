//go:build unix && !aix

package aiohttp

import (
	"bufio"
	"compress/gzip"
	"context"
	"io"
	"net"
	"net/http"
	"testing"

	"github.com/goaio/aio"
)

// A chunk whose line comes in pieces is waited for with the context of who reads, on
// whatever task or goroutine that is.
func TestChunkThatComesInPieces(t *testing.T) {
	step := make(chan struct{})
	url := speak(t, func(r *bufio.Reader, c net.Conn) {
		if _, err := http.ReadRequest(r); err != nil {
			return
		}
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5")
		<-step
		_, _ = io.WriteString(c, "\r\nhello\r")
		<-step
		_, _ = io.WriteString(c, "\n0\r\n\r\n")
	})
	everywhere(t, func(t *testing.T, ctx context.Context, transport *Transport) {
		own, cancel := context.WithCancel(context.Background()) // a task heeds it by a scope
		defer cancel()
		request, err := http.NewRequestWithContext(own, "GET", url, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := transport.RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		go func() { step <- struct{}{}; step <- struct{}{} }()
		if text, err := io.ReadAll(response.Body); string(text) != "hello" || err != nil {
			t.Errorf("%q, %v", text, err)
		}
	})
}

// A cancel ends a read that waits in the middle of a chunk's line.
func TestCancelWithinTheLineOfAChunk(t *testing.T) {
	url := speak(t, func(r *bufio.Reader, c net.Conn) {
		if _, err := http.ReadRequest(r); err != nil {
			return
		}
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5")
		_, _ = io.Copy(io.Discard, r)
	})
	everywhere(t, func(t *testing.T, ctx context.Context, transport *Transport) {
		own, cancel := context.WithCancelCause(context.Background())
		request, err := http.NewRequestWithContext(own, "GET", url, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := transport.RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}
		go cancel(io.ErrNoProgress)
		if _, err := io.ReadAll(response.Body); err != io.ErrNoProgress {
			t.Error(err)
		}
		if open, _, _ := transport.pool.counts(); open != 0 {
			t.Errorf("%d open", open)
		}
	})
}

// Close is safe beside a Read, of a compressed body too, and ends it.
func TestCloseEndsARead(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		var to io.Writer = w
		if r.URL.Path == "/gzip" {
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			defer z.Flush()
			to = z
		}
		_, _ = io.WriteString(to, "hello")
		if z, is := to.(*gzip.Writer); is {
			_ = z.Flush()
		}
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	everywhere(t, func(t *testing.T, ctx context.Context, transport *Transport) {
		for _, path := range []string{"/plain", "/gzip"} {
			request, err := http.NewRequestWithContext(ctx, "GET", url+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			response, err := transport.RoundTrip(request)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadFull(response.Body, make([]byte, 5)); err != nil {
				t.Error(err)
			}
			go response.Body.Close()
			if _, err := response.Body.Read(make([]byte, 5)); err == nil || err == io.EOF {
				t.Errorf("%s: %v", path, err)
			}
			if _, err := response.Body.Read(make([]byte, 5)); err == nil || err == io.EOF {
				t.Errorf("%s, once more: %v", path, err)
			}
			if open, _, _ := transport.pool.counts(); open != 0 {
				t.Errorf("%s: %d open", path, open)
			}
		}
	})
}

// A body may be read, or closed, after the loop that has asked is over.
func TestBodyOutlivesItsLoop(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write(make([]byte, 1<<20))
	})
	transport := &Transport{}
	defer transport.CloseIdleConnections()
	for _, reads := range []bool{true, false} {
		var response *http.Response
		err := aio.Run(context.Background(), func(ctx context.Context) error {
			request, err := http.NewRequestWithContext(context.Background(), "GET", url, nil)
			if err != nil {
				return err
			}
			response, err = transport.RoundTrip(request)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if reads {
			n, err := io.Copy(io.Discard, response.Body)
			t.Log(n, err)
		}
		_ = response.Body.Close()
		if _, text, err := fetch(context.Background(), transport, "GET", url, nil); len(text) != 1<<20 || err != nil {
			t.Errorf("the next request: %d bytes, %v", len(text), err)
		}
		transport.CloseIdleConnections()
		if open, idle, waiting := transport.pool.counts(); open != 0 || idle != 0 || waiting != 0 {
			t.Errorf("reads %v: %d open, %d idle, %d wait", reads, open, idle, waiting)
		}
	}
}
