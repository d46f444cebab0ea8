//go:build unix && !aix

package main

import (
	"context"
	"os/exec"
	"testing"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aionet"
	"github.com/goaio/aio/internal/leakcheck"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

// Python's sockets ask twice, with an empty datagram and with a long one.
func TestTime(t *testing.T) {
	path, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not installed, whose sockets are the client")
	}
	err = aio.Run(context.Background(), func(ctx context.Context) error {
		c, err := aionet.ListenPacket(ctx, "udp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer c.Close()
		server := aio.Go(ctx, func(ctx context.Context) error { return serve(ctx, c) })
		_, err = aio.Blocking(ctx, func(context.Context) (struct{}, error) {
			out, err := exec.Command(path, "-c", `
import socket, sys, email.utils
host, port = sys.argv[1].rsplit(":", 1)
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(20)
for question in b"", b"x" * 1000:
    s.sendto(question, (host, int(port)))
    assert email.utils.parsedate(s.recv(100).decode()), "no time came"
`, c.LocalAddr().String()).CombinedOutput()
			if err != nil {
				t.Errorf("%s", out)
			}
			return struct{}{}, err
		})
		server.Cancel(nil)
		_, _ = server.Await(ctx)
		return err
	}, aio.NoInterrupt())
	if err != nil {
		t.Error(err)
	}
}
