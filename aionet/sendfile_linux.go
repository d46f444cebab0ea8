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

// sendfilePiece is how many bytes are sent in one call at most: some three
// hundred microseconds to a peer on this machine. Each call ends with a packet
// that is not full: pieces of 256 KB cost a sixth of the throughput.
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
		n, err := from.send(c.fd, count, resident)
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

// fileSource is a regular file that is sent.
type fileSource struct {
	file     syscall.RawConn
	scope    *loop.Scope // of the task that sends it, if one does
	memory   bool        // the file has no disk
	position int64
}

func openSource(file syscall.RawConn) *fileSource {
	s := &fileSource{file: file, scope: loop.CurrentScope()}
	if s.scope != nil {
		_ = file.Control(func(fd uintptr) {
			s.memory = driver.InMemory(int(fd))
			s.position, _ = unix.Seek(int(fd), 0, unix.SEEK_CUR)
		})
	}
	return s
}

// send sends as much as the socket takes. resident says that load found the
// bytes in memory.
func (s *fileSource) send(socket, count int, resident bool) (n int, err error) {
	controlErr := s.file.Control(func(fd uintptr) {
		if resident {
			n, err = driver.SendfileResident(socket, int(fd), count)
		} else {
			n, err = driver.Sendfile(socket, int(fd), nil, count)
		}
	})
	if controlErr != nil {
		return 0, controlErr
	}
	s.position += int64(n)
	return n, err
}

// load sees to it, for a task, that the next count bytes are in memory. Those
// that are not are read on the thread pool. The sending itself stays on the
// loop, for a cancel could not say how much another thread has sent. It reports
// whether they were there already: a file system that keeps nothing in memory
// has the sending wait even after the load.
func (s *fileSource) load(count int) (resident bool, err error) {
	if s.scope == nil {
		return false, nil
	}
	from, to := s.position, s.position+int64(count)
	if resident = s.memory; !resident {
		_ = s.file.Control(func(fd uintptr) { // beyond the end of the file nothing is to be waited for
			resident = driver.Resident(int(fd), from) && driver.Resident(int(fd), to-1)
		})
	}
	if resident {
		return true, nil
	}
	_, err = aio.Blocking(s.scope, func(ctx context.Context) (struct{}, error) {
		buffer := Borrow()
		defer buffer.Return()
		for from < to && ctx.Err() == nil {
			n := 0
			_ = s.file.Control(func(fd uintptr) {
				n, _ = unix.Pread(int(fd), buffer[:min(to-from, int64(len(buffer)))], from)
			})
			if n <= 0 {
				break // what is wrong shows when it is sent
			}
			from += int64(n)
		}
		return struct{}{}, nil
	})
	return false, err
}
