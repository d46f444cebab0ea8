package executor

import (
	"errors"

	"github.com/goaio/aio/executor/internal/wire"
	"github.com/goaio/aio/loop"
)

// reader is who waits for what a worker says.
//
// For a call that a task awaits it is the task's loop, which watches the pipe:
// then no goroutine has to be woken, which would double the time of a short
// call. The watch stays when the call has ended, for the next one. A goroutine
// that awaits a call reads itself. For all others, and for what such a loop may
// hold up, there is a goroutine as long as the worker is busy.
type reader struct {
	kind  readerKind
	watch *watch // of the loop that reads or has read last; nil for none
	// turn counts those who began to read: who is not the last one stops.
	turn uint64
}

type readerKind uint8

const (
	readerNone readerKind = iota // the worker is idle, or its loop watches it
	readerGoroutine
	readerLoop
)

// watch is a loop's watch of a worker's answers.
type watch struct {
	loop   *loop.Loop
	worker *workerProcess
	gone   bool // under the pool's mutex
}

// readerFor finds who reads the answer to a job that the worker, idle until now,
// is about to be sent. inline says that the job's caller will. p.mu is locked.
func (w *workerProcess) readerFor(j *job, inline bool) {
	switch {
	case inline:
		w.goroutineReads()
	case j.owner != nil && j.owner == loop.Current() && w.watchOn(j.owner):
		w.reader.kind = readerLoop
	default:
		w.readOnGoroutine()
	}
}

// goroutineReads makes a goroutine the reader, and no other one. p.mu is locked.
func (w *workerProcess) goroutineReads() {
	w.reader.kind = readerGoroutine
	w.reader.turn++
	w.line.nudge()
}

func (w *workerProcess) readOnGoroutine() {
	w.goroutineReads()
	w.line.hold()
	go w.readWhileBusy(w.reader.turn)
}

// freeFromLoops has goroutines read for workers whose answers loops wait for
// that are not the owner's of a job that now waits for a worker: such a loop may
// itself be waiting for that job.
func (p *ProcessPool) freeFromLoops(owner *loop.Loop) {
	for w := range p.workers {
		if w.reader.kind == readerLoop && w.reader.watch.loop != owner {
			w.readOnGoroutine()
		}
	}
}

// nextReader goes on with the reader for the jobs that the worker has now, or
// without one when it is idle. p.mu is locked.
func (w *workerProcess) nextReader() {
	next := w.current()
	switch {
	case next == nil:
		w.reader.kind = readerNone
	case w.reader.kind == readerLoop && !w.allOf(w.reader.watch.loop):
		w.readOnGoroutine()
	case w.reader.kind == readerGoroutine && next.owner != nil && w.allOf(next.owner) && w.pool.queue.allOf(next.owner):
		owner := next.owner
		owner.CallSoon(func() { w.handOver(owner) })
	}
}

// allOf reports whether every job of the worker is owned by that loop.
func (w *workerProcess) allOf(owner *loop.Loop) bool {
	for _, j := range w.jobs {
		if j.owner != owner {
			return false
		}
	}
	return true
}

// handOver makes the loop that awaits the worker's jobs the worker's reader, on
// that loop.
func (w *workerProcess) handOver(owner *loop.Loop) {
	w.pool.mu.Lock()
	defer w.pool.mu.Unlock()
	if w.current() != nil && w.reader.kind == readerGoroutine && w.allOf(owner) && w.pool.queue.allOf(owner) && w.watchOn(owner) {
		w.reader.kind = readerLoop
		w.line.nudge()
	}
}

// watchOn has the calling loop watch the worker, and reports whether it does.
func (w *workerProcess) watchOn(l *loop.Loop) bool {
	if w.reader.watch != nil {
		if w.reader.watch.loop == l {
			return true
		}
		w.reader.watch.dismiss()
	}
	v := &watch{loop: l, worker: w}
	if l.AddReader(w.line.answers, v.readable) != nil {
		return false
	}
	w.line.hold()
	w.reader.watch = v
	watchesOf(l)[v] = struct{}{}
	return true
}

// dismiss ends the watch, soon. p.mu is locked.
func (v *watch) dismiss() {
	v.worker.reader.watch = nil
	v.loop.CallSoon(func() {
		v.worker.pool.mu.Lock()
		defer v.worker.pool.mu.Unlock()
		v.remove()
	})
}

// remove ends the watch, on its loop. p.mu is locked.
func (v *watch) remove() {
	if v.gone {
		return
	}
	v.gone = true
	// Another watch of the loop may have taken this one's place.
	if w := v.worker.reader.watch; w == nil || w == v || w.loop != v.loop {
		v.loop.RemoveReader(v.worker.line.answers)
	}
	if r := &v.worker.reader; r.watch == v {
		r.watch = nil
		if r.kind == readerLoop {
			r.kind = readerNone
		}
	}
	delete(watchesOf(v.loop), v)
	v.worker.line.release()
}

type watchesKey struct{}

// watchesOf are the watches of a loop, which it lets go of when it is closed.
func watchesOf(l *loop.Loop) map[*watch]struct{} {
	all, ok := l.Value(watchesKey{}).(map[*watch]struct{})
	if !ok {
		all = map[*watch]struct{}{}
		l.SetValue(watchesKey{}, all)
		l.OnClose(func() {
			for v := range all {
				v.closed()
			}
		})
	}
	return all
}

// closed is called when the loop of the watch is closed.
func (v *watch) closed() {
	w := v.worker
	w.pool.mu.Lock()
	defer w.pool.mu.Unlock()
	if w.reader.kind == readerLoop && w.reader.watch == v {
		w.readOnGoroutine()
	}
	v.remove()
}

// readable is called on the loop when there is something to read.
func (v *watch) readable() {
	w := v.worker
	w.pool.mu.Lock()
	mine := w.reader.watch == v && w.reader.kind != readerGoroutine
	if !mine {
		// Somebody else reads, and this watch would come in every round.
		v.remove()
	}
	w.pool.mu.Unlock()
	if !mine {
		return
	}
	if w.read(true) {
		w.pool.mu.Lock()
		v.remove()
		w.pool.mu.Unlock()
	}
}

// readFor reads, in the goroutine that awaits the job, until that has ended. The
// goroutine holds the line.
func (w *workerProcess) readFor(j *job, turn uint64) {
	defer w.line.release()
	for ended := false; ; {
		ticket := w.line.ticket()
		w.pool.mu.Lock()
		over := w.current() != j || ended
		if over && w.mayRead(turn) && w.current() != nil && !ended {
			w.readOnGoroutine()
		}
		w.pool.mu.Unlock()
		if over {
			return
		}
		w.line.await(ticket)
		ended = w.read(true)
	}
}

// readWhileBusy reads, in a goroutine of its own that holds the line, as long
// as the worker has a job.
func (w *workerProcess) readWhileBusy(turn uint64) {
	defer w.line.release()
	over := func() bool {
		w.pool.mu.Lock()
		defer w.pool.mu.Unlock()
		return !w.mayRead(turn)
	}
	for {
		ticket := w.line.ticket()
		if over() {
			return
		}
		w.line.await(ticket)
		if over() || w.read(true) {
			return
		}
	}
}

// mayRead reports whether a goroutine that began to read with that turn still
// is the one to read. p.mu is locked.
func (w *workerProcess) mayRead(turn uint64) bool {
	return w.reader.kind == readerGoroutine && w.reader.turn == turn
}

// read takes what has come, without waiting, and reports whether that was the
// end. Whoever is told again of what is left may stop before it has looked
// whether the pipe is empty.
func (w *workerProcess) read(toldAgain bool) (ended bool) {
	l := &w.line
	l.reading.Lock()
	defer l.reading.Unlock()
	for drained := false; !l.over; {
		frame, ok, err := l.buffer.Next()
		if err == nil && ok {
			err = w.take(frame)
		}
		if err != nil {
			l.over = true
			w.pool.killFor(w, errors.Join(ErrProtocol, err))
			break
		}
		if ok {
			continue
		}
		if drained && toldAgain {
			return false
		}
		drained, err = l.buffer.Fill(l.answers, true)
		switch {
		case err == nil:
		case errors.Is(err, wire.ErrWouldBlock):
			return false
		default:
			l.over = true
			w.expectEnd()
		}
	}
	return true
}
