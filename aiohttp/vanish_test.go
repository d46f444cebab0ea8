//go:build unix && !aix

package aiohttp

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/goaio/aio"
)

// wire is a client's side of a connection that breaks once so many bytes have
// gone over it: by a reset, or by an ordinary end.
type wire struct {
	*net.TCPConn
	in, out int // bytes that still pass
	reset   bool
}

func (w *wire) Read(p []byte) (int, error) {
	if len(p) > w.in {
		p = p[:w.in]
	}
	if len(p) == 0 {
		return 0, w.vanish()
	}
	n, err := w.TCPConn.Read(p)
	w.in -= n
	return n, err
}

func (w *wire) Write(p []byte) (int, error) {
	cut := min(len(p), w.out)
	n, err := w.TCPConn.Write(p[:cut])
	if w.out -= n; err == nil && cut < len(p) {
		err = w.vanish()
	}
	return n, err
}

func (w *wire) vanish() error {
	if w.reset {
		_ = w.SetLinger(0)
	}
	_ = w.TCPConn.Close()
	return io.ErrClosedPipe
}

// converse is what the client says, until the wire breaks.
func converse(w *wire, secure bool) (sent, received int) {
	var c net.Conn = w
	if secure {
		c = tls.Client(w, clientTLS())
	}
	in, out := w.in, w.out
	_, err := io.WriteString(c, "POST /chunked HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n"+
		"5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nX: y\r\n\r\n"+
		"POST /length HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello")
	if err == nil {
		_, _ = io.Copy(io.Discard, onlyReader{c})
	}
	w.reset = false
	_ = w.vanish()
	return out - w.out, in - w.in
}

// tally counts what there is.
type tally struct {
	mu   sync.Mutex
	less *sync.Cond
	n    int
}

func newTally() *tally {
	t := &tally{}
	t.less = sync.NewCond(&t.mu)
	return t
}

func (t *tally) add(n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.n += n
	t.less.Broadcast()
}

// none waits until there is nothing.
func (t *tally) none() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for t.n > 0 {
		t.less.Wait()
	}
}

// Clients vanish at every byte of the requests and of the answers. Each handler
// ends, each connection is closed, and the server serves the next one.
func TestClientsThatVanish(t *testing.T) {
	const plenty = 1 << 20
	both(t, func(t *testing.T, mark func(http.Handler) http.Handler) {
		for name, begin := range map[string]func(testing.TB, *Server) string{"plain": start, "TLS": startTLS} {
			t.Run(name, func(t *testing.T) {
				left := newTally() // connections that are open and handlers that run
				s := &Server{Log: silent(), ConnState: func(_ net.Conn, state http.ConnState) {
					switch state {
					case http.StateNew:
						left.add(1)
					case http.StateClosed:
						left.add(-1)
					}
				}}
				s.Handler = mark(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					left.add(1)
					defer left.add(-1)
					body, _ := io.ReadAll(r.Body)
					_ = aio.Sleep(r.Context(), 0)
					_, _ = w.Write(body)
					_ = http.NewResponseController(w).Flush()
					_, _ = io.WriteString(w, strings.Repeat("x", 50))
				}))
				address := begin(t, s)
				dialWire := func(in, out int, reset bool) *wire {
					c, err := net.Dial("tcp", strings.TrimPrefix(address, "tls:"))
					if err != nil {
						t.Fatal(err)
					}
					_ = c.SetDeadline(time.Now().Add(20 * time.Second))
					return &wire{c.(*net.TCPConn), in, out, reset}
				}
				sent, received := converse(dialWire(plenty, plenty, false), name == "TLS")
				if sent < 180 || received < 300 {
					t.Fatalf("%d bytes sent, %d received", sent, received)
				}
				step := 1
				if name == "TLS" && os.Getenv("AIOHTTP_EVERY_BYTE") == "" {
					step = 17 // a handshake for each takes its time
				}
				var clients sync.WaitGroup
				room := make(chan struct{}, 8)
				vanish := func(in, out int) {
					for _, reset := range []bool{false, true} {
						room <- struct{}{}
						clients.Go(func() {
							defer func() { <-room }()
							converse(dialWire(in, out, reset), name == "TLS")
						})
					}
				}
				for at := 0; at <= sent; at += step {
					vanish(plenty, at)
				}
				for at := 0; at <= received; at += step {
					vanish(at, plenty)
				}
				clients.Wait()
				left.none()
				if again, got := converse(dialWire(plenty, plenty, false), name == "TLS"); again < 180 || got < 300 {
					t.Errorf("afterwards: %d bytes sent, %d received", again, got)
				}
			})
		}
	})
}
