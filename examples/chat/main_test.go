//go:build unix && !aix

package main

import (
	"testing"

	"github.com/goaio/aio/examples/internal/exampletest"
	"github.com/goaio/aio/internal/leakcheck"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

func TestRooms(t *testing.T) {
	exampletest.Serving(t, serve, func(port string) {
		exampletest.Python(t, port, `
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
