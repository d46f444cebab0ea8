//go:build unix && !aix

package main

import (
	"context"
	"net"
	"testing"

	"github.com/goaio/aio/aionet"
	"github.com/goaio/aio/examples/internal/exampletest"
	"github.com/goaio/aio/internal/leakcheck"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

// A megabyte goes through to Python's own echo and back, and so do the ends.
func TestForward(t *testing.T) {
	backend, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, to, _ := net.SplitHostPort(backend.Addr().String())
	backend.Close() // its port is Python's from here on
	serve := func(ctx context.Context, l *aionet.Listener) error {
		return aionet.Serve(ctx, l, forward("127.0.0.1:"+to))
	}
	exampletest.Serving(t, serve, func(port string) {
		exampletest.Python(t, port, "back = "+to+`
s = socket.create_server(("127.0.0.1", back))
def echo():
    c, _ = s.accept()
    while data := c.recv(100000): c.sendall(data)
    c.shutdown(socket.SHUT_WR)
threading.Thread(target=echo).start()
c = socket.create_connection(("127.0.0.1", port), timeout=20)
data = bytes(range(256)) * 4000
threading.Thread(target=lambda: (c.sendall(data), c.shutdown(socket.SHUT_WR))).start()
got = b""
while piece := c.recv(100000): got += piece
assert got == data, len(got)
`)
	})
}
