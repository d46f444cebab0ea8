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

func TestRooms(t *testing.T) {
	serving(t, serve, func(port string) {
		python(t, port, `
class Guest:
    def __init__(self, name):
        self.file = socket.create_connection(("127.0.0.1", port), timeout=20).makefile("rw", newline="\r\n")
        self.hears("Who are you?")
        self.types(name)
    def types(self, line):
        self.file.write(line + "\r\n")
        self.file.flush()
    def hears(self, *lines):
        for line in lines:
            got = self.file.readline().strip()
            assert got == line, (got, line)
ann = Guest("ann")
ann.hears("* ann has entered lobby")
bob = Guest("bob")
for g in ann, bob: g.hears("* bob has entered lobby")
ann.types("hello")
for g in ann, bob: g.hears("ann: hello")
bob.types("/join attic")
ann.hears("* bob has left lobby")
bob.hears("* bob has entered attic")
ann.types("alone?")
ann.hears("ann: alone?")
bob.types("/who")
bob.hears("* bob")
bob.types("/quit")
bob.hears("Goodbye.", "")
ann.types("x" * 2000)
ann.hears("That is too long.", "")
`)
	})
}
