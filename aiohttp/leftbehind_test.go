//go:build unix && !aix

package aiohttp

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"testing"
	"time"

	"github.com/goaio/aio"
)

// getsAnAnswer sends a GET and wants an answer.
func getsAnAnswer(t *testing.T, c net.Conn) {
	t.Helper()
	io.WriteString(c, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
	answer, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Error(err)
		return
	}
	_, _ = io.Copy(io.Discard, answer.Body)
}

// Who reads a body that does not come, in a goroutine that its handler has left
// behind as http.TimeoutHandler does, holds up nobody: neither the answer nor the
// other connections of its loop.
func TestReaderThatAHandlerHasLeftBehind(t *testing.T) {
	for _, fails := range []bool{false, true} {
		both(t, func(t *testing.T, mark func(http.Handler) http.Handler) {
			reads := make(chan error, 1)
			address := start(t, &Server{Log: silent(), Handler: mark(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodGet {
					return
				}
				begun := make(chan struct{})
				go func() {
					_, _ = io.ReadFull(r.Body, make([]byte, 3))
					close(begun)
					_, err := io.Copy(io.Discard, r.Body)
					reads <- err
				}()
				_, _, _ = aio.Recv(r.Context(), begun)
				_ = aio.Sleep(r.Context(), 5*time.Millisecond) // until it waits
				_ = r.Body.Close()
				if fails {
					panic(http.ErrAbortHandler)
				}
			}))})
			slow, other := dial(t, address), dial(t, address)
			io.WriteString(slow, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc")
			answer, err := http.ReadResponse(bufio.NewReader(slow), nil)
			if err == nil && !answer.Close || (err != nil) != fails {
				t.Errorf("%v, %v", answer, err)
			}
			getsAnAnswer(t, other)
			_ = slow.Close()
			if err := <-reads; err == nil {
				t.Error("the body was read to its end")
			}
			getsAnAnswer(t, other)
		})
	}
}

// What is written to a response whose handler has ended gets into no other one.
func TestWriterThatAHandlerHasLeftBehind(t *testing.T) {
	writeLargeFile(t)
	for name, test := range map[string]struct {
		handler http.HandlerFunc
		later   func(w http.ResponseWriter) error
		want    error
	}{
		"a file": {
			func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Length", "1000000")
				w.WriteHeader(http.StatusOK)
				w.(http.Flusher).Flush()
			},
			func(w http.ResponseWriter) error {
				f, err := os.Open(largeFile)
				if err != nil {
					return err
				}
				defer f.Close()
				_, err = w.(io.ReaderFrom).ReadFrom(f)
				return err
			},
			errReturned,
		},
		"early hints": {
			func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
			func(w http.ResponseWriter) error { w.WriteHeader(http.StatusEarlyHints); return nil },
			nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			var left http.ResponseWriter
			address := start(t, &Server{Log: silent(), Handler: OnLoop(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/" {
					left = w
					test.handler(w, r)
					return
				}
				_, _ = io.WriteString(w, "first, ")
				w.(http.Flusher).Flush()
				_, _ = io.WriteString(w, "then ")
				if err := test.later(left); err != test.want {
					t.Errorf("error %v, want %v", err, test.want)
				}
				_, _ = io.WriteString(w, "the rest")
			}))})
			first := dial(t, address)
			_, _ = io.WriteString(first, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
			_, _ = io.Copy(io.Discard, first)
			other := dial(t, address)
			_, _ = io.WriteString(other, "GET /other HTTP/1.1\r\nHost: h\r\n\r\n")
			answer, err := http.ReadResponse(bufio.NewReader(other), nil)
			if err != nil {
				t.Fatal(err)
			}
			if body, err := io.ReadAll(answer.Body); err != nil || string(body) != "first, then the rest" {
				t.Errorf("another response is %q, error %v", body, err)
			}
		})
	}
}

func TestTimeoutHandler(t *testing.T) {
	address := start(t, &Server{Log: silent(), Handler: http.TimeoutHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(w, r.Body)
	}), 20*time.Millisecond, "too late")})
	slow, other := dial(t, address), dial(t, address)
	io.WriteString(slow, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc")
	answer, err := http.ReadResponse(bufio.NewReader(slow), nil)
	if err != nil || answer.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("%v, %v", answer, err)
	}
	getsAnAnswer(t, other)
}

// A reverse proxy on a loop whose server fails in the middle of an upload goes on.
func TestReverseProxyOnLoopLosesItsServer(t *testing.T) {
	backend := speak(t, func(r *bufio.Reader, c net.Conn) {
		request, err := http.ReadRequest(r)
		if err == nil && request.Method == http.MethodPost {
			_, _ = io.ReadFull(request.Body, make([]byte, 3))
			return
		}
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
	})
	to, err := url.Parse(backend)
	if err != nil {
		t.Fatal(err)
	}
	transport := &Transport{}
	defer transport.CloseIdleConnections()
	proxy := &httputil.ReverseProxy{Transport: transport, ErrorLog: quiet(), Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }}
	address := start(t, &Server{Log: silent(), Handler: OnLoop(proxy)})
	slow, other := dial(t, address), dial(t, address)
	io.WriteString(slow, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc")
	answer, err := http.ReadResponse(bufio.NewReader(slow), nil)
	if err != nil || answer.StatusCode != http.StatusBadGateway {
		t.Errorf("%v, %v", answer, err)
	}
	getsAnAnswer(t, other)
}
