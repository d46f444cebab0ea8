package executor

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/goaio/aio/executor/internal/process"
	"github.com/goaio/aio/executor/internal/wire"
)

// workerProcess is a worker as its pool sees it.
type workerProcess struct {
	pool    *ProcessPool
	process *process.Process
	line    line
	control *os.File // where to write the numbers of calls to cancel
	stderr  stderrTail
	reaped  chan struct{}  // closed when the process has ended and all it said was read
	status  process.Status // how it ended
	unread  atomic.Bool    // it died before it had read all of its last call

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
// the pipe does not take at once a goroutine writes.
func (w *workerProcess) send(j *job) {
	if len(j.input) > wire.Inline {
		go func() {
			defer w.line.sent()
			w.sendLarge(j)
		}()
		return
	}
	frame := frames.Get().(*[]byte)
	b := wire.AppendHeader((*frame)[:0], wire.Call, false, j.number, wire.CallSize(j.invocation.Function())+len(j.input))
	b = append(wire.AppendCall(b, j.timeout, j.invocation.Function()), j.input...)
	*frame = b
	n, err := wire.Write(w.line.calls, b, true)
	if err == nil && n == len(b) {
		w.line.sent()
	} else {
		rest := bytes.Clone(b[n:])
		go func() {
			defer w.line.sent()
			w.write(rest)
		}()
	}
	frames.Put(frame)
}

// write writes in a goroutine that holds the line.
func (w *workerProcess) write(b []byte) {
	for len(b) > 0 {
		n, err := wire.Write(w.line.calls, b, true)
		switch {
		case err == nil:
			b = b[n:]
		case errors.Is(err, wire.ErrWouldBlock):
			wire.AwaitWritable(w.line.calls)
		default:
			w.unread.Store(true) // the rest is for who reaps the worker
			return
		}
	}
}

// sendLarge sends a job with its input in memory.
func (w *workerProcess) sendLarge(j *job) {
	file, err := wire.Seal(j.input)
	if err != nil {
		w.pool.giveBack(w, j, err)
		return
	}
	err = wire.SendFile(w.line.files, file)
	wire.CloseFile(file)
	if err != nil {
		w.unread.Store(true)
		return
	}
	name := j.invocation.Function()
	b := wire.AppendHeader(nil, wire.Call, true, j.number, wire.CallSize(name))
	w.write(wire.AppendCall(b, j.timeout, name))
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

// askToEnd tells the worker that a call is cancelled, or with 0 that it shall
// end, being idle.
func (w *workerProcess) askToEnd(number uint64) {
	_, _ = w.control.Write(binary.LittleEndian.AppendUint64(nil, number))
}
