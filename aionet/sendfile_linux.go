package aionet

import (
	"context"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/goaio/aio"
	"github.com/goaio/aio/internal/driver"
	"github.com/goaio/aio/loop"
)

// sendFile sends a regular file from its position on, in one piece if others
// write too.
func (c *Conn) sendFile(f syscall.Conn, limit int64) (sent int64, handled bool, err error) {
	raw, err := f.SyscallConn()
	if err != nil || !isRegular(raw) {
		return 0, false, nil
	}
	if err := c.begin(innermost, writing); err != nil {
		return 0, true, c.wrap("write", err)
	}
	defer c.end(writing)
	var pause pause
	for sent < limit {
		n, err := c.sendPiece(raw, int(min(limit-sent, copyPiece)))
		sent += int64(n)
		if sent == 0 && cannotSend(n, err) {
			return 0, false, nil
		}
		if err != nil {
			return sent, true, c.wrap("write", err)
		}
		if n == 0 {
			return sent, true, nil
		}
		if err := pause.after(int64(n)); err != nil {
			return sent, true, err
		}
	}
	return sent, true, nil
}

// cannotSend reports whether the first try shows that sendfile does not serve
// here. Files such as those of /proc claim to be empty.
func cannotSend(n int, err error) bool {
	return err == unix.EINVAL || err == unix.ENOSYS || err == unix.EOPNOTSUPP || n == 0 && err == nil
}

// sendPiece sends something, and nothing only at the end of the file.
func (c *Conn) sendPiece(file syscall.RawConn, count int) (n int, err error) {
	if c.expired(writing) {
		return 0, os.ErrDeadlineExceeded
	}
	if scope := loop.CurrentScope(); scope != nil {
		if err := load(scope, file, count); err != nil {
			return 0, err
		}
	}
	for {
		c.out.news.Store(false)
		controlErr := file.Control(func(fd uintptr) { n, err = driver.Sendfile(c.fd, int(fd), nil, count) })
		if controlErr != nil {
			return 0, controlErr
		}
		if err != unix.EAGAIN {
			return n, err
		}
		if err := c.await(innermost, writing); err != nil {
			return 0, err
		}
	}
}

func isRegular(file syscall.RawConn) (is bool) {
	_ = file.Control(func(fd uintptr) {
		var stat unix.Stat_t
		is = unix.Fstat(int(fd), &stat) == nil && stat.Mode&unix.S_IFMT == unix.S_IFREG
	})
	return is
}

// load sees to it that the next count bytes of a file are in memory. Those that
// are not are read on the thread pool. The sending itself stays on the loop,
// for a cancel could not say how much another thread has sent.
func load(ctx context.Context, file syscall.RawConn, count int) error {
	var from, to int64
	there := true
	_ = file.Control(func(handle uintptr) {
		fd := int(handle)
		var stat unix.Stat_t
		position, err := unix.Seek(fd, 0, unix.SEEK_CUR)
		if err != nil || unix.Fstat(fd, &stat) != nil {
			return
		}
		from, to = position, min(position+int64(count), stat.Size)
		there = from >= to || driver.Resident(fd, from) && driver.Resident(fd, to-1)
	})
	if there {
		return nil
	}
	_, err := aio.Blocking(ctx, func(ctx context.Context) (struct{}, error) {
		buffer := Borrow()
		defer buffer.Return()
		for from < to && ctx.Err() == nil {
			n := 0
			_ = file.Control(func(fd uintptr) {
				n, _ = unix.Pread(int(fd), buffer[:min(to-from, int64(len(buffer)))], from)
			})
			if n <= 0 {
				break // what is wrong shows when it is sent
			}
			from += int64(n)
		}
		return struct{}{}, nil
	})
	return err
}
