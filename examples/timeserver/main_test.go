//go:build unix && !aix

package main

import (
	"testing"

	"github.com/goaio/aio/examples/internal/exampletest"
	"github.com/goaio/aio/internal/leakcheck"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

// Python's sockets ask twice, with an empty datagram and with a long one.
func TestTime(t *testing.T) {
	exampletest.ServingDatagrams(t, serve, func(port string) {
		exampletest.Python(t, port, `
import email.utils
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(20)
for question in b"", b"x" * 1000:
    s.sendto(question, ("127.0.0.1", port))
    assert email.utils.parsedate(s.recv(100).decode()), "no time came"
`)
	})
}
