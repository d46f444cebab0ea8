package executor

import (
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/goaio/aio/executor/internal/wire"
)

// socket is the pool's end of a worker's socket. Its descriptor is closed when
// the worker, every loop that watches it and whoever reads or writes have let go
// of it. It is not on Go's poller: that would wake a thread for each message
// that a loop, or a goroutine in its own wait, takes.
type socket struct {
	fd   int
	refs atomic.Int32

	reading sync.Mutex // whoever reads has it; taken before the pool's
	buffer  wire.Buffer
	ended   bool // nothing more will come
	unread  bool // the worker ended before it had read all that was sent
}

func (s *socket) open(fd int) error {
	if err := wire.SetNonblocking(fd); err != nil {
		wire.CloseFile(fd)
		return err
	}
	s.fd = fd
	s.refs.Store(1)
	return nil
}

// hold keeps the descriptor open until a release. The caller knows that it is.
func (s *socket) hold() { s.refs.Add(1) }

// release gives up one hold of the socket's descriptor.
func (s *socket) release() {
	if s.refs.Add(-1) == 0 {
		wire.CloseFile(s.fd)
	}
}

// shortWait is how long a goroutine waits for an answer with its thread, which
// takes half the time of a wait on Go's poller; only a long wait is worth the
// set-up of one there.
const shortWait = 2 * time.Millisecond

// await waits, in a goroutine that holds the socket, until there is something to
// read.
func (s *socket) await() {
	if wire.AwaitReadable(s.fd, shortWait) {
		return
	}
	again, err := wire.Duplicate(s.fd)
	if err != nil {
		return
	}
	file := os.NewFile(uintptr(again), "executor socket")
	defer file.Close()
	if raw, err := file.SyscallConn(); err == nil {
		_ = raw.Read(func(fd uintptr) bool { return wire.AwaitReadable(int(fd), 0) })
	}
}
