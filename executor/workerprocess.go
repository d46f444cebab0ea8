package executor

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"sync"
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

// frames are for what is sent; they go back when it is.
var frames = sync.Pool{New: func() any { return new([]byte) }}

// send sends the worker the job that it was assigned. It does not wait: what
// the socket does not take at once a goroutine writes.
func (w *workerProcess) send(j *job) {
	defer w.socket.release() // that of assign
	if len(j.input) > wire.Inline {
		w.socket.hold()
		go w.sendLarge(j)
		return
	}
	frame := frames.Get().(*[]byte)
	b := wire.AppendHeader((*frame)[:0], wire.Call, false, j.number, wire.CallSize(j.invocation.Function())+len(j.input))
	b = append(wire.AppendCall(b, j.timeout, j.invocation.Function()), j.input...)
	*frame = b
	n, err := wire.Send(w.socket.fd, b, -1, true)
	if n < len(b) && (err == nil || errors.Is(err, wire.ErrWouldBlock)) {
		w.socket.hold()
		go w.sendRest(bytes.Clone(b[n:]), -1)
	}
	// Any other error says that the worker is ending: that is for who reaps it.
	frames.Put(frame)
}

// sendRest writes in a goroutine that holds the socket, and releases that.
func (w *workerProcess) sendRest(b []byte, file int) {
	defer w.socket.release()
	for len(b) > 0 {
		n, err := wire.Send(w.socket.fd, b, file, true)
		switch {
		case err == nil:
			b, file = b[n:], -1
		case errors.Is(err, wire.ErrWouldBlock):
			wire.AwaitWritable(w.socket.fd)
		default:
			return
		}
	}
}

// sendLarge sends a job with its input in memory, as sendRest does.
func (w *workerProcess) sendLarge(j *job) {
	file, err := wire.Seal(j.input)
	if err != nil {
		w.socket.release()
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
