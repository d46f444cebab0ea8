package executor

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
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
	jobs      []*job // the one whose turn it is first, and those handed ahead
	outgoing  []*job // of these the last, which are to be sent
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

// current returns the job whose turn it is, nil for none. p.mu is locked.
func (w *workerProcess) current() *job {
	if len(w.jobs) == 0 {
		return nil
	}
	return w.jobs[0]
}

// flush sends the worker the jobs that it was assigned. It does not wait: what
// the pipe does not take at once a goroutine writes.
func (w *workerProcess) flush() {
	o := &w.line.calls
	o.writing.Lock()
	defer o.writing.Unlock()
	w.pool.mu.Lock()
	o.batch = append(o.batch[:0], w.outgoing...)
	clear(w.outgoing)
	w.outgoing = w.outgoing[:0]
	w.pool.mu.Unlock()
	for i, j := range o.batch {
		o.batch[i] = nil
		w.send(j)
	}
}

// send sends one job. The caller has the outbox.
func (w *workerProcess) send(j *job) {
	if len(j.input) > wire.Inline {
		go func() {
			defer w.line.sent()
			w.sendLarge(j)
		}()
		return
	}
	frame := frames.Get().(*[]byte)
	defer frames.Put(frame)
	b := wire.AppendHeader((*frame)[:0], wire.Call, false, j.number, wire.CallSize(j.invocation.Function())+len(j.input))
	b = append(wire.AppendCall(b, j.timeout, j.invocation.Function()), j.input...)
	*frame = b
	rest := w.line.calls.write(b)
	if len(rest) == 0 {
		w.line.sent()
		return
	}
	rest = bytes.Clone(rest)
	go func() {
		defer w.line.sent()
		w.writeRest(rest)
	}()
}

// writeRest writes what the pipe did not take at once, in a goroutine that holds
// the line.
func (w *workerProcess) writeRest(b []byte) {
	err := w.line.calls.writeAll(b)
	if err == nil {
		return
	}
	w.unread.Store(true)
	if !errors.Is(err, errCut) && !errors.Is(err, os.ErrDeadlineExceeded) {
		w.pool.killFor(w, fmt.Errorf("write to it: %w", err)) // it waits for the rest
	}
}

// sendLarge sends a job with its input in memory.
func (w *workerProcess) sendLarge(j *job) {
	file, err := wire.Seal(j.input)
	if err != nil {
		w.pool.giveUp(w, j, err)
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

// write writes a frame, in a goroutine that holds the line.
func (w *workerProcess) write(frame []byte) {
	o := &w.line.calls
	o.writing.Lock()
	rest := o.write(frame)
	o.writing.Unlock()
	if len(rest) > 0 {
		w.writeRest(rest)
	}
}

// giveUp ends a job that could not be sent to its worker, which has no other.
func (p *ProcessPool) giveUp(w *workerProcess, j *job, err error) {
	p.mu.Lock()
	if w.current() != j {
		p.mu.Unlock()
		return
	}
	w.pop()
	p.finish(j, neverRan)
	given := p.refill(w, time.Now())
	w.nextReader()
	p.mu.Unlock()
	if given {
		w.flush()
	}
	p.fail(j, err)
}

// pop takes the first job off the worker. p.mu is locked.
func (w *workerProcess) pop() {
	n := copy(w.jobs, w.jobs[1:])
	w.jobs[n] = nil
	w.jobs = w.jobs[:n]
	w.pool.handed--
}

// askToEnd tells the worker that a call is cancelled, or with 0 that it shall
// end, being idle.
func (w *workerProcess) askToEnd(number uint64) {
	_, _ = w.control.Write(binary.LittleEndian.AppendUint64(nil, number))
}
