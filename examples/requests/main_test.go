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

// Requests sent all at once are answered in order; one that is too large ends
// the connection.
func TestRequests(t *testing.T) {
	two := func(ctx context.Context, l *aionet.Listener) error { return serve(ctx, l, 2, 3) }
	serving(t, two, func(port string) {
		python(t, port, `
def client():
    c = socket.create_connection(("127.0.0.1", port), timeout=20)
    sent = [bytes([n % 256]) * (n * 37 % 5000) for n in range(200)]
    threading.Thread(target=lambda: c.sendall(b"".join(struct.pack(">I", len(r)) + r for r in sent))).start()
    file = c.makefile("rb")
    for r in sent:
        size, = struct.unpack(">I", file.read(4))
        assert file.read(size) == hashlib.sha256(r).digest()
    c.sendall(b"\xff\xff\xff\xff")
    try: assert file.read() == b""
    except ConnectionResetError: pass
    done.append(1)
done = []
clients = [threading.Thread(target=client) for _ in range(10)]
for t in clients: t.start()
for t in clients: t.join()
assert len(done) == 10
`)
	})
}
