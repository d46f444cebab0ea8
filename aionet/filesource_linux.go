package aionet

import (
	"context"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/goaio/aio"
	"github.com/goaio/aio/internal/driver"
	"github.com/goaio/aio/loop"
)

// fileSource is a regular file that is sent.
type fileSource struct {
	file     syscall.RawConn
	scope    *loop.Scope // of the task that sends it, if one does
	memory   bool        // the file has no disk
	position int64
	keepsUp  bool // the peer has taken all of the last piece, so the next goes in bursts
	refused  bool // there was no pipe for a burst, or the system let no file into it
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
func (s *fileSource) send(to *Conn, count int, resident bool) (n int, err error) {
	burst := 0
	if resident && s.keepsUp && !s.refused && to.network == tcp {
		burst = to.burstSize()
		if count > burst {
			count -= count % burst
		}
	}
	controlErr := s.file.Control(func(fd uintptr) {
		if burst > 0 {
			n, err = sendBursts(to.fd, int(fd), count, burst)
			s.refused = n == 0 && err == errCannotSplice
			if !s.refused {
				return
			}
		}
		if resident {
			n, err = driver.SendfileResident(to.fd, int(fd), count)
		} else {
			n, err = driver.Sendfile(to.fd, int(fd), nil, count)
		}
	})
	if controlErr != nil {
		return 0, controlErr
	}
	s.keepsUp = n == count
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
