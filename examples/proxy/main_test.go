//go:build unix && !aix

package main

import (
	"context"
	"net"
	"os/exec"
	"testing"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aionet"
	"github.com/goaio/aio/internal/leakcheck"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

// serving runs a server on a loop and calls client with its port.
func serving(t *testing.T, serve func(context.Context, *aionet.Listener) error, client func(port string)) {
	t.Helper()
	err := aio.Run(context.Background(), func(ctx context.Context) error {
		l, err := aionet.Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		server := aio.Go(ctx, func(ctx context.Context) error { return serve(ctx, l) })
		_, port, _ := net.SplitHostPort(l.Addr().String())
		_, err = aio.Blocking(ctx, func(context.Context) (struct{}, error) { client(port); return struct{}{}, nil })
		server.Cancel(nil)
		_, _ = server.Await(ctx)
		return err
	}, aio.NoInterrupt())
	if err != nil {
		t.Error(err)
	}
}

// python runs a client that knows nothing of us: Python's sockets.
func python(t *testing.T, port, program string) {
	t.Helper()
	path, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not installed, whose sockets are the client")
	}
	if out, err := exec.Command(path, "-c", "import socket, sys, hashlib, struct, threading\nport = int(sys.argv[1])\n"+program, port).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

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
	serving(t, serve, func(port string) {
		python(t, port, "back = "+to+`
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
