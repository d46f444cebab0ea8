//go:build unix && !aix

package aionet

import (
	"context"
	"fmt"
	"net"

	"github.com/goaio/aio/loop"
)

// ConflictError says that two tasks read from one connection at the same time.
// Who gets which bytes would be chance, so it is an error of the program: have
// one task read, or put an [aio.Mutex] around whole messages. Writers take turns
// instead, each with all of its bytes.
type ConflictError struct {
	// Reader is the task that reads, Other the one that came second and gets
	// this error.
	Reader, Other string
}

func (e *ConflictError) Error() string {
	return fmt.Sprintf("aionet: task %s reads from this connection already, and task %s must not at the same time; have one task read it",
		e.Reader, e.Other)
}

// reported has debug mode tell of the conflict as well: programs often drop the
// error of a read.
func reported(e *ConflictError) error {
	if t := loop.CurrentTask(); t != nil {
		t.Loop().ReportHere(loop.Report{
			Kind:    loop.Conflict,
			Task:    t,
			Message: fmt.Sprintf("task %s reads from a connection that task %s reads from already, and gets an error", e.Other, e.Reader),
			Advice:  "have one task read it, or put an aio.Mutex around whole messages",
		})
	}
	return e
}

// begin takes the turn to read or to write. While somebody else has it the
// caller waits in line; a task that finds another task reading is told of the
// conflict.
func (d *descriptor) begin(ctx context.Context, turn uint32) error {
	for {
		s := d.state.Load()
		if s&(turn|turn<<queueOf|closing) != 0 {
			return d.beginBehind(ctx, turn)
		}
		if d.state.CompareAndSwap(s, s|turn|touched) {
			return nil
		}
	}
}

func (d *descriptor) beginBehind(ctx context.Context, turn uint32) error {
	w, err := loop.NewWaiterFor(ctx, awaitedTurn, d)
	if err != nil {
		return err
	}
	d.mu.Lock()
	for {
		s := d.state.Load()
		if s&closing != 0 {
			d.mu.Unlock()
			w.Discard()
			return net.ErrClosed
		}
		if s&(turn|turn<<queueOf) == 0 {
			if d.state.CompareAndSwap(s, s|turn|touched) {
				d.mu.Unlock()
				w.Discard()
				return nil
			}
			continue
		}
		if err := d.conflict(turn, w); err != nil {
			d.mu.Unlock()
			w.Discard()
			return reported(err)
		}
		// Only while the turn is taken will somebody look at the queue.
		if d.state.CompareAndSwap(s, s|turn<<queueOf) {
			break
		}
	}
	_, index := d.half(turn)
	queue := &d.more().queues[index]
	queue.PushBack(w)
	d.mu.Unlock()
	took := false
	defer func() {
		d.mu.Lock()
		if queue.Remove(w) && queue.First() == nil {
			d.state.And(^(turn << queueOf))
		}
		d.mu.Unlock()
		if !took && w.Done() && !w.Cancelled() {
			d.end(turn) // it was handed the turn and does not take it
		}
	}()
	if err := w.Wait(ctx); err != nil {
		return err
	}
	if d.state.Load()&closing != 0 {
		return net.ErrClosed
	}
	took = true
	return nil
}

// conflict is called with the lock held.
func (d *descriptor) conflict(turn uint32, w *loop.Waiter) *ConflictError {
	half, _ := d.half(turn)
	if turn != reading || w.Task() == nil || half.waiter == nil || half.waiter.Task() == nil {
		return nil
	}
	return &ConflictError{Reader: half.waiter.Task().Name(), Other: w.Task().Name()}
}

// end gives the turn to the next in line, or back. Who ends the last turn of a
// closed descriptor closes the file.
func (d *descriptor) end(turn uint32) {
	for {
		s := d.state.Load()
		if s&special != 0 {
			break
		}
		if d.state.CompareAndSwap(s, s&^turn) {
			return
		}
	}
	d.mu.Lock()
	_, index := d.half(turn)
	if d.state.Load()&(turn<<queueOf) != 0 {
		queue := &d.more().queues[index]
		handed := queue.WakeFirst()
		if queue.First() == nil {
			d.state.And(^(turn << queueOf))
		}
		if handed {
			d.mu.Unlock()
			return
		}
	}
	left := d.state.And(^turn) &^ turn
	d.mu.Unlock()
	if left&closing != 0 && left&anybody == 0 {
		d.release()
	}
}
