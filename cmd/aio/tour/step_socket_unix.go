//go:build unix

package tour

import (
	"syscall"

	"github.com/goaio/aio/loop"
)

func socketPair(say func(string, ...any)) error {
	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		return err
	}
	defer syscall.Close(pair[0])
	defer syscall.Close(pair[1])
	l, err := loop.New(loop.Options{})
	if err != nil {
		return err
	}
	defer l.Close()

	buffer := make([]byte, 64)
	if err := l.AddReader(pair[0], func() {
		n, _ := syscall.Read(pair[0], buffer)
		say("read %q", buffer[:n])
		l.RemoveReader(pair[0])
		l.Stop()
	}); err != nil {
		return err
	}
	if err := l.AddWriter(pair[1], func() {
		say("the other end can be written")
		l.RemoveWriter(pair[1])
		_, _ = syscall.Write(pair[1], []byte("abc"))
	}); err != nil {
		return err
	}
	return l.RunForever()
}

var runSocketPair, socketPairCode = socketPair, "socketPair"

var checkSocketPair = says("the other end can be written", `read "abc"`)
