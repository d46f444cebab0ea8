package aionet

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// sendfilePiece is after how many bytes at most other tasks may run: some three
// hundred microseconds to a peer on this machine.
const sendfilePiece = 2 << 20

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
	source := openSource(raw)
	var pause pause
	for sent < limit {
		n, err := c.sendPiece(source, int(min(limit-sent, sendfilePiece)))
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
func (c *Conn) sendPiece(from *fileSource, count int) (n int, err error) {
	if c.expired(writing) {
		return 0, os.ErrDeadlineExceeded
	}
	for {
		resident, err := from.load(count) // anew after each wait, which may have been long
		if err != nil {
			return 0, err
		}
		c.out.news.Store(false)
		n, err := from.send(c, count, resident)
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
