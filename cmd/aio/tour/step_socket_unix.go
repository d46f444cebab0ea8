//go:build unix

package tour

import (
	"syscall"

	"github.com/goaio/aio/loop"
)

var socketPairStep = step{
	title: "Readers and writers on a socket pair",
	text: `The loop watches descriptors and calls back when one can be read or written: sockets, pipes, terminals,
		whatever the system can poll.`,
	asyncio: `the same, but not on the loop that Windows has by default.`,
	run:     socketPair,
	check:   prints("one end can be written", `the other end read "abc"`),
	proves:  "three bytes went through the kernel, and both ends were called",
}

func socketPair(say func(string, ...any)) error {
	ends, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		return err
	}
	reader, writer := ends[0], ends[1]
	defer syscall.Close(reader)
	defer syscall.Close(writer)
	l, err := loop.New(loop.Options{})
	if err != nil {
		return err
	}
	defer l.Close()

	if err := l.AddReader(reader, func() {
		buffer := make([]byte, 64)
		n, err := syscall.Read(reader, buffer)
		say("the other end read %q", buffer[:max(n, 0)])
		if err != nil {
			say("error: %v", err)
		}
		l.RemoveReader(reader)
		l.Stop()
	}); err != nil {
		return err
	}
	if err := l.AddWriter(writer, func() {
		say("one end can be written")
		l.RemoveWriter(writer)
		if _, err := syscall.Write(writer, []byte("abc")); err != nil {
			say("error: %v", err)
			l.Stop()
		}
	}); err != nil {
		return err
	}
	return l.RunForever()
}
