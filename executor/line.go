package executor

import (
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/goaio/aio/executor/internal/wire"
)

// line is the pool's end of what connects it to a worker. Its descriptors are
// closed when the worker, every loop that watches it and whoever reads or writes
// have let go of it. They are not on Go's poller: that would wake a thread for
// each message that a loop, or a goroutine in its own wait, takes.
type line struct {
	calls   outbox
	answers int // a pipe from it
	files   int // a socket for memory files
	refs    atomic.Int32

	reading sync.Mutex // whoever reads has it; taken before the pool's
	buffer  wire.Buffer
	over    bool // nothing more will come

	waits  sync.Mutex
	wait   *os.File // of the goroutine in a long wait
	nudges uint64
}

// open makes a line, and returns the worker's ends: of the socket, the calls and
// the answers.
func (l *line) open() (files, calls, answers int, err error) {
	var opened []int
	defer func() {
		if err != nil {
			for _, fd := range opened {
				wire.CloseFile(fd)
			}
		}
	}()
	if l.files, files, err = wire.Pair(); err != nil {
		return
	}
	opened = append(opened, l.files, files)
	var to int
	if calls, to, err = wire.Pipe(); err != nil {
		return
	}
	opened = append(opened, calls, to)
	if l.answers, answers, err = wire.Pipe(); err != nil {
		return
	}
	opened = append(opened, l.answers, answers)
	l.refs.Store(1)
	if err = wire.SetNonblocking(l.answers); err != nil {
		return
	}
	err = l.calls.open(to)
	return
}

// hold keeps the descriptors open until a release. The caller knows that they
// are.
func (l *line) hold() { l.refs.Add(1) }

// release gives up one hold.
func (l *line) release() {
	if l.refs.Add(-1) == 0 {
		l.calls.close()
		wire.CloseFile(l.answers)
		wire.CloseFile(l.files)
	}
}

// send holds the line for a job, and sent ends that.
func (l *line) send() {
	l.hold()
	l.calls.waiting.Add(1)
}

func (l *line) sent() {
	l.calls.waiting.Done()
	l.release()
}

// shortWait is how long a goroutine waits for an answer with its thread, which
// takes half the time of a wait on Go's poller; only a long wait is worth the
// set-up of one there.
const shortWait = 2 * time.Millisecond

// ticket is what await wants: ask for it, then look whether to wait.
func (l *line) ticket() uint64 {
	l.waits.Lock()
	defer l.waits.Unlock()
	return l.nudges
}

// await waits, in a goroutine that holds the line, until there is something to
// read, or nudge was called since the ticket.
func (l *line) await(ticket uint64) {
	if wire.AwaitReadable(l.answers, shortWait) {
		return
	}
	again, err := wire.Duplicate(l.answers)
	if err != nil {
		return
	}
	file := os.NewFile(uintptr(again), "executor answers")
	defer file.Close()
	l.waits.Lock()
	over := l.nudges != ticket
	l.wait = file
	l.waits.Unlock()
	if raw, err := file.SyscallConn(); err == nil && !over {
		_ = raw.Read(func(fd uintptr) bool { return wire.AwaitReadable(int(fd), 0) })
	}
	l.waits.Lock()
	defer l.waits.Unlock()
	if l.wait == file {
		l.wait = nil
	}
}

// nudge ends the wait of a goroutine, which is to look again whether it shall
// wait: another one reads, or the worker is dead and what it has started keeps
// the pipe open. To be told by the pipe is not enough: what comes may be gone
// before Go's poller looks.
func (l *line) nudge() {
	l.waits.Lock()
	defer l.waits.Unlock()
	l.nudges++
	if l.wait != nil {
		_ = l.wait.SetReadDeadline(time.Unix(1, 0))
	}
}
