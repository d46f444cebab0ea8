//go:build unix && !aix

package aiohttp

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/goaio/aio"
)

// A server that vanishes at any byte of its response makes an error, and leaves
// nothing behind.
func TestServerVanishesWithinItsAnswer(t *testing.T) {
	answer := "HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: Sum\r\n\r\n" +
		"5\r\nhello\r\n7;x=y\r\n, world\r\n0\r\nSum: 12\r\n\r\n"
	server := newScriptedServer(t)
	everywhere(t, func(t *testing.T, ctx context.Context, transport *Transport) {
		for n := range len(answer) + 1 {
			server.script(answer[:n], true, 0)
			_, text, err := fetch(ctx, transport, "GET", server.url(), nil)
			switch {
			case n == len(answer):
				if err != nil || text != "hello, world" {
					t.Errorf("all of it: %q, %v", text, err)
				}
				transport.CloseIdleConnections()
			case err == nil:
				t.Errorf("%q: no error, %q", answer[:n], text)
			case !strings.HasPrefix("hello, world", text):
				t.Errorf("%q: %q", answer[:n], text)
			}
			if open, idle, waiting := transport.pool.counts(); open != 0 || idle != 0 || waiting != 0 {
				t.Fatalf("%q: %d open, %d idle, %d wait", answer[:n], open, idle, waiting)
			}
		}
	})
}

// A server that resets the connection while a request is sent makes an error; the
// request's body is closed.
func TestServerVanishesWithinTheRequest(t *testing.T) {
	var taken atomic.Int64
	url := speak(t, func(r *bufio.Reader, c net.Conn) {
		_, _ = io.CopyN(io.Discard, r, taken.Load())
		_ = c.(*net.TCPConn).SetLinger(0)
	})
	everywhere(t, func(t *testing.T, ctx context.Context, transport *Transport) {
		for _, n := range []int{0, 1, 10, 100, 1000, 10_000, 100_000, 1_000_000} {
			taken.Store(int64(n))
			for _, length := range []int64{50, 8000, -1, 1 << 24} {
				if length > 0 && int(length) < n {
					continue // the server would wait for more
				}
				reader := io.Reader(endless{})
				if length > 0 {
					reader = io.LimitReader(reader, length)
				}
				body := closes{reader, make(chan struct{}, 5)}
				request, err := http.NewRequestWithContext(ctx, "POST", url, body)
				if err != nil {
					t.Fatal(err)
				}
				request.ContentLength = length
				if response, err := transport.RoundTrip(request); err == nil {
					t.Errorf("%d of %d bytes: %v", n, length, response.Status)
				} else if errors.Is(err, net.ErrClosed) {
					t.Errorf("%d of %d bytes: the error is our own: %v", n, length, err)
				}
				if _, _, err := aio.Recv(ctx, body.n); err != nil || len(body.n) > 0 {
					t.Errorf("%d of %d bytes: the body was closed %d times more, %v", n, length, len(body.n), err)
				}
				if open, _, _ := transport.pool.counts(); open != 0 {
					t.Errorf("%d of %d bytes: %d open", n, length, open)
				}
			}
		}
	})
}
