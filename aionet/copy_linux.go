package aionet

import (
	"io"
	"math"
	"net"
	"reflect"
	"syscall"

	"github.com/goaio/aio/loop"
)

// readFromSystem copies without the bytes passing through the process, if there
// is a way to. handled is false if there is none, or none any more: then what n
// does not count is still to be read.
func (c *Conn) readFromSystem(r io.Reader, limit int64) (n int64, handled bool, err error) {
	if from, is := r.(*Conn); is {
		return splice(ownSink{c}, ownSource{from}, limit)
	}
	if f, is := r.(syscall.Conn); is && madeBy("os", r) {
		return c.sendFile(f, limit)
	}
	if raw := foreign(r); raw != nil && c.network != pipe {
		return splice(ownSink{c}, foreignSource{raw}, limit)
	}
	return 0, false, nil
}

func (c *Conn) writeToSystem(w io.Writer) (n int64, handled bool, err error) {
	if to, is := w.(*Conn); is {
		return splice(ownSink{to}, ownSource{c}, math.MaxInt64)
	}
	if raw := foreign(w); raw != nil {
		return splice(foreignSink{raw}, ownSource{c}, math.MaxInt64)
	}
	return 0, false, nil
}

// foreign returns the descriptor of a stream connection of package net, nil for
// anything else, and in a task, which must not block.
func foreign(stream any) syscall.RawConn {
	c, is := stream.(interface {
		syscall.Conn
		LocalAddr() net.Addr
	})
	if !is || !madeBy("net", stream) || loop.Current() != nil {
		return nil
	}
	if network := c.LocalAddr().Network(); network != "tcp" && network != "unix" {
		return nil
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return nil
	}
	return raw
}

// madeBy reports whether the type of v is of that package. One of another
// package that embeds it may do more in its Read than the descriptor does:
// count, decrypt. A type assertion does not do, for what package os and net
// hand to a ReadFrom is a wrapper of their own.
func madeBy(path string, v any) bool {
	t := reflect.TypeOf(v)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.PkgPath() == path
}
