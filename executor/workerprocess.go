package executor

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/goaio/aio/executor/internal/process"
	"github.com/goaio/aio/executor/internal/wire"
)

// workerProcess is a worker as its pool sees it.
type workerProcess struct {
	pool    *ProcessPool
	process *process.Process
	socket  socket
	control *os.File // where to write the numbers of calls to cancel
	stderr  stderrTail
	reaped  chan struct{}  // closed when the process has ended and all it said was read
	status  process.Status // how it ended

	// Under the pool's mutex.
	job       *job
	calls     int
	idleSince time.Time
	greeted   bool // by the reader alone
	ready     bool
	doomed    bool  // it gets no more jobs and will end
	retired   bool  // it ends by itself, as asked
	reason    error // why the pool kills it
	killTimer *time.Timer
	endTimer  *time.Timer
	reader    reader
}

// socket is the pool's end of a worker's socket. Its descriptor is closed when
// the worker, every loop that watches it and whoever writes have let go of it.
type socket struct {
	file *os.File // on Go's poller
	raw  syscall.RawConn
	fd   int
	refs atomic.Int32

	reading sync.Mutex // whoever reads has it; taken before the pool's
	buffer  wire.Buffer
	ended   bool // nothing more will come
	unread  bool // the worker ended before it had read all that was sent
}

func (s *socket) open(fd int) (err error) {
	if err := wire.SetNonblocking(fd); err != nil {
		wire.CloseFile(fd)
		return err
	}
	s.file = os.NewFile(uintptr(fd), "executor socket")
	if s.raw, err = s.file.SyscallConn(); err != nil {
		s.file.Close()
		return err
	}
	s.fd = fd
	s.refs.Store(1)
	return nil
}

// release gives up one hold of the socket's descriptor.
func (s *socket) release() {
	if s.refs.Add(-1) == 0 {
		go s.file.Close() // which waits for those that are just reading
	}
}

// frames are for what is sent; they go back when it is.
var frames = sync.Pool{New: func() any { return new([]byte) }}

// send sends the worker the job that it was assigned. It does not wait: what
// the socket does not take at once a goroutine writes.
func (w *workerProcess) send(j *job) {
	defer w.socket.release() // that of assign
	if len(j.input) > wire.Inline {
		go w.sendLarge(j)
		return
	}
	frame := frames.Get().(*[]byte)
	b := wire.AppendHeader((*frame)[:0], wire.Call, false, j.number, wire.CallSize(j.invocation.Function())+len(j.input))
	b = append(wire.AppendCall(b, j.timeout, j.invocation.Function()), j.input...)
	*frame = b
	n, err := wire.Send(w.socket.fd, b, -1, true)
	if n < len(b) && (err == nil || errors.Is(err, wire.ErrWouldBlock)) {
		rest := bytes.Clone(b[n:])
		go w.sendRest(rest, -1)
	}
	// Any other error says that the worker is ending: that is for who reaps it.
	frames.Put(frame)
}

// sendRest writes with a goroutine's patience.
func (w *workerProcess) sendRest(b []byte, file int) {
	_ = w.socket.raw.Write(func(fd uintptr) bool {
		for len(b) > 0 {
			n, err := wire.Send(int(fd), b, file, true)
			if err != nil {
				return !errors.Is(err, wire.ErrWouldBlock)
			}
			b, file = b[n:], -1
		}
		return true
	})
}

// sendLarge sends a job with its input in memory.
func (w *workerProcess) sendLarge(j *job) {
	file, err := wire.Seal(j.input)
	if err != nil {
		w.pool.giveBack(w, j, err)
		return
	}
	defer wire.CloseFile(file)
	name := j.invocation.Function()
	b := wire.AppendHeader(nil, wire.Call, true, j.number, wire.CallSize(name))
	w.sendRest(wire.AppendCall(b, j.timeout, name), file)
}

// giveBack ends a job that could not be sent to its worker.
func (p *ProcessPool) giveBack(w *workerProcess, j *job, err error) {
	p.mu.Lock()
	if w.job != j {
		p.mu.Unlock()
		return
	}
	w.job = nil
	p.finish(j)
	next := p.nextJob(w)
	p.mu.Unlock()
	if next != nil {
		w.send(next)
	}
	p.fail(j, err)
}

// askToEnd tells the worker that a call is cancelled.
func (w *workerProcess) askToEnd(number uint64) {
	_, _ = w.control.Write(binary.LittleEndian.AppendUint64(nil, number))
}
