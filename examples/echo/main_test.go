//go:build unix && !aix

package main

import (
	"context"
	"testing"

	"github.com/goaio/aio/aionet"
	"github.com/goaio/aio/examples/internal/exampletest"
	"github.com/goaio/aio/internal/leakcheck"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

// Each form echoes what comes in pieces of any size, and hands the end on.
func TestForms(t *testing.T) {
	for name, handler := range forms {
		t.Run(name, func(t *testing.T) {
			serve := func(ctx context.Context, l *aionet.Listener) error { return aionet.Serve(ctx, l, handler) }
			exampletest.Serving(t, serve, func(port string) {
				exampletest.Python(t, port, `
c = socket.create_connection(("127.0.0.1", port), timeout=20)
data = bytes(range(256)) * 4000
threading.Thread(target=lambda: (c.sendall(data), c.shutdown(socket.SHUT_WR))).start()
got = b""
while len(got) < len(data):
    piece = c.recv(100000)
    assert piece, "the end came too early"
    got += piece
assert got == data
assert c.recv(1) == b""
`)
			})
		})
	}
}
