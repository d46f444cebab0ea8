//go:build unix && !aix

package loop

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"

	"github.com/goaio/aio/internal/driver"
)

// The calls below are asyncio's sock_* calls: for sockets that a program opened
// itself, by their number, non-blocking. Each is for a task of the loop, tries
// at once and otherwise waits with a reader or writer of the descriptor, which
// must have none. A cancel removes that again, and the call has had no effect
// but what its count says. The descriptor stays the caller's, who must not
// close it meanwhile. Errors are [*os.SyscallError]s.

// ErrNotOnLoop says that a call which is for a task of the loop was made
// elsewhere.
var ErrNotOnLoop = errors.New("aio: call this in a task of the loop")

// SocketReceive receives into p what is there, waiting for it if need be: 0 at
// the end of the stream. It is asyncio's sock_recv and sock_recv_into. On the
// loop only.
func (l *Loop) SocketReceive(ctx context.Context, fd int, p []byte) (n int, err error) {
	err = l.socketCall(ctx, fd, driver.Readable, "read", func() (err error) { n, err = driver.Read(fd, p); return err })
	return n, err
}

// SocketSendAll sends all of p. If it cannot, or is cancelled, it returns how
// much was sent, and why. It is asyncio's sock_sendall. On the loop only.
func (l *Loop) SocketSendAll(ctx context.Context, fd int, p []byte) (sent int, err error) {
	for sent < len(p) {
		err := l.socketCall(ctx, fd, driver.Writable, "write", func() error {
			n, err := driver.Write(fd, p[sent:])
			sent += n
			return err
		})
		if err != nil {
			return sent, err
		}
	}
	return sent, nil
}

// SocketReceiveFrom receives a datagram into p, and says from whom. It is
// asyncio's sock_recvfrom and sock_recvfrom_into. On the loop only.
func (l *Loop) SocketReceiveFrom(ctx context.Context, fd int, p []byte) (n int, from unix.Sockaddr, err error) {
	err = l.socketCall(ctx, fd, driver.Readable, "recvfrom", func() (err error) {
		n, from, err = unix.Recvfrom(fd, p, 0)
		return err
	})
	return max(n, 0), from, err
}

// SocketSendTo sends a datagram to an address. It is asyncio's sock_sendto. On
// the loop only.
func (l *Loop) SocketSendTo(ctx context.Context, fd int, p []byte, to unix.Sockaddr) error {
	return l.socketCall(ctx, fd, driver.Writable, "sendto", func() error { return unix.Sendto(fd, p, 0, to) })
}

// SocketAccept accepts a connection from a listening socket. The new descriptor
// is non-blocking, closed on exec, and the caller's. A cancel loses no
// connection. It is asyncio's sock_accept. On the loop only.
func (l *Loop) SocketAccept(ctx context.Context, fd int) (accepted int, from unix.Sockaddr, err error) {
	err = l.socketCall(ctx, fd, driver.Readable, "accept", func() (err error) {
		accepted, from, err = driver.Accept(fd)
		return err
	})
	if err != nil {
		return -1, nil, err
	}
	return accepted, from, nil
}

// SocketConnect connects a socket. After a cancel it may connect still: close
// it. It is asyncio's sock_connect. On the loop only.
func (l *Loop) SocketConnect(ctx context.Context, fd int, to unix.Sockaddr) error {
	begun := false
	return l.socketCall(ctx, fd, driver.Writable, "connect", func() error {
		if begun {
			code, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR)
			if err == nil && code != 0 {
				err = unix.Errno(code)
			}
			return err
		}
		begun = true
		err := unix.Connect(fd, to)
		if err == unix.EINPROGRESS || err == unix.EINTR {
			err = unix.EAGAIN
		} else if err == unix.EAGAIN {
			// A full queue of a Unix listener, which no writer hears of.
			err = unix.ECONNREFUSED
		}
		return err
	})
}

// socketCall calls try until it does not ask to be called again, and waits in
// between until fd is ready.
func (l *Loop) socketCall(ctx context.Context, fd int, side driver.Interest, name string, try func() error) error {
	if t := CurrentTask(); t == nil || t.Loop() != l {
		return ErrNotOnLoop
	}
	if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0); err != nil {
		return os.NewSyscallError(name, err)
	} else if flags&unix.O_NONBLOCK == 0 {
		return fmt.Errorf("aio: descriptor %d would block the loop; make it non-blocking first", fd)
	}
	for {
		err := try()
		switch err {
		case nil:
			return nil
		case unix.EINTR:
			continue
		case unix.EAGAIN:
		default:
			return os.NewSyscallError(name, err)
		}
		if err := l.awaitReady(ctx, fd, side); err != nil {
			return err
		}
	}
}

// awaitReady waits for one side of a descriptor.
func (l *Loop) awaitReady(ctx context.Context, fd int, side driver.Interest) error {
	if d := l.watches.descriptors[fd]; d != nil && *d.side(side) != nil {
		return fmt.Errorf("aio: somebody waits for descriptor %d already (%v)", fd, side)
	}
	w, err := NewWaiter(ctx)
	if err != nil {
		return err
	}
	if err := l.add(fd, side, func() { w.Wake() }); err != nil {
		w.Discard()
		return err
	}
	defer l.removeWatch(fd, side)
	return w.Wait(ctx)
}

// sendFilePiece is how much of a file is sent before other tasks may run.
const sendFilePiece = 1 << 20

// SocketSendFile sends count bytes of a regular file from offset on, or fewer
// if it ends before; a negative count means all. It returns how many were sent,
// after an error or a cancel too, and leaves the file's position behind them.
// Other tasks run after each megabyte, but a file that is not in memory stops
// the loop until it is read, as asyncio's sock_sendfile does; io.Copy to a
// connection of package aionet does not. On the loop only.
func (l *Loop) SocketSendFile(ctx context.Context, fd int, file *os.File, offset, count int64) (sent int64, err error) {
	defer func() {
		if _, seekErr := file.Seek(offset+sent, io.SeekStart); err == nil {
			err = seekErr
		}
	}()
	for count < 0 || sent < count {
		piece := int64(sendFilePiece)
		if count >= 0 {
			piece = min(piece, count-sent)
		}
		n := 0
		err := l.socketCall(ctx, fd, driver.Writable, "sendfile", func() (err error) {
			n, err = sendFile(fd, file, offset+sent, int(piece))
			return err
		})
		sent += int64(n)
		if err != nil || n == 0 {
			return sent, err
		}
		if err := Yield(ctx); err != nil {
			return sent, err
		}
	}
	return sent, nil
}

// sendThroughBuffer is for systems and files that have no sendfile.
func sendThroughBuffer(fd int, file *os.File, offset int64, count int) (int, error) {
	buffer := make([]byte, min(count, 64<<10))
	n, err := file.ReadAt(buffer, offset)
	if n == 0 {
		if err == io.EOF {
			err = nil
		}
		return 0, err
	}
	return driver.Write(fd, buffer[:n])
}
