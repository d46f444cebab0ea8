//go:build unix && !aix

package aionet

import (
	"net"
	"syscall"
)

// rawConn is what SyscallConn returns.
type rawConn struct {
	d    *descriptor
	wrap func(op string, err error) error
}

func (r rawConn) Control(fn func(fd uintptr)) error {
	err := r.d.use(func(fd int) error { fn(uintptr(fd)); return nil })
	if err != nil {
		return r.wrap("raw-control", err)
	}
	return nil
}

func (r rawConn) Read(fn func(fd uintptr) (done bool)) error { return r.until("raw-read", reading, fn) }

func (r rawConn) Write(fn func(fd uintptr) (done bool)) error {
	return r.until("raw-write", writing, fn)
}

func (r rawConn) until(op string, turn uint32, fn func(fd uintptr) bool) error {
	if err := r.d.begin(innermost, turn); err != nil {
		return r.wrap(op, err)
	}
	defer r.d.end(turn)
	half, _ := r.d.half(turn)
	for {
		half.news.Store(false)
		if fn(uintptr(r.d.fd)) {
			// How much fn has left is not known.
			half.news.Store(true)
			return nil
		}
		if err := r.d.await(innermost, turn); err != nil {
			return r.wrap(op, err)
		}
	}
}

// SyscallConn gives access to the descriptor. Its Read and Write call fn until
// it returns true, and wait for news between calls. fn must leave the
// descriptor non-blocking and open.
func (c *Conn) SyscallConn() (syscall.RawConn, error) {
	if c.state.Load()&closing != 0 {
		return nil, c.wrap("raw-control", net.ErrClosed)
	}
	return rawConn{&c.descriptor, c.wrap}, nil
}

// SyscallConn gives access to the descriptor.
func (l *Listener) SyscallConn() (syscall.RawConn, error) {
	if l.state.Load()&closing != 0 {
		return nil, l.wrap("raw-control", net.ErrClosed)
	}
	return rawConn{&l.descriptor, l.wrap}, nil
}
