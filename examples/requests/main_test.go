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

// Requests sent all at once are answered in order; one that is too large ends
// the connection.
func TestRequests(t *testing.T) {
	two := func(ctx context.Context, l *aionet.Listener) error { return serve(ctx, l, 2, 3) }
	exampletest.Serving(t, two, func(port string) {
		exampletest.Python(t, port, `
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
