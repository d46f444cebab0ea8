//go:build unix && !aix

package aionet

import (
	"context"
	"net"
	"os"

	"github.com/goaio/aio/loop"
)

// innermost is the nil context, which stands for the innermost scope of the task
// and, in a plain goroutine, for none.
var innermost context.Context

// await waits until there is news, in spite of wakes for other reasons.
func (d *descriptor) await(ctx context.Context, turn uint32) error {
	half, _ := d.half(turn)
	for !half.news.Load() {
		if err := d.wait(ctx, turn); err != nil {
			return err
		}
		if d.state.Load()&closing != 0 {
			return net.ErrClosed
		}
	}
	return nil
}

// wait waits until it is woken, by news, a deadline or the end, for whoever has the turn. A nil ctx means the
// innermost scope of the task. A cancel ends the wait, and nothing else has
// happened.
func (d *descriptor) wait(ctx context.Context, turn uint32) error {
	half, index := d.half(turn)
	w, err := loop.NewWaiterFor(ctx, d.awaited(turn), d)
	if err != nil {
		return err
	}
	l, err := d.attach(w)
	if err != nil {
		w.Discard()
		return err
	}
	d.mu.Lock()
	switch {
	case d.state.Load()&closing != 0:
		d.mu.Unlock()
		w.Discard()
		return net.ErrClosed
	case half.news.Load():
		d.mu.Unlock()
		w.Discard()
		return nil
	case !d.rare.Load().deadline(index).await(l, d, turn):
		d.mu.Unlock()
		w.Discard()
		return os.ErrDeadlineExceeded
	}
	half.waiter = w
	d.mu.Unlock()
	// Deferred, for a task whose loop is closed is unwound from its await.
	defer func() {
		d.mu.Lock()
		half.waiter = nil
		d.mu.Unlock()
	}()
	d.rearm(l, turn)
	if t := w.Task(); t != nil && t.Loop().Virtual() {
		// The system is not simulated: virtual time stands still meanwhile.
		t.Loop().Hold()
		defer t.Loop().Release()
	}
	return w.Wait(ctx)
}

// rearm tells a loop that is attached of a wait that begins.
func (d *descriptor) rearm(l *loop.Loop, turn uint32) {
	is := loop.Readable
	if turn == writing {
		is = loop.Writable
	}
	if l == d.home.Load() {
		l.Rearm(d.fd, d, is)
	} else {
		l.Rearm(d.fd, behind{d}, is)
	}
}

// attach registers the descriptor with the loop that can wake the waiter
// whatever others do, and returns that: for a task of the home loop that one,
// for anybody else the background loop. The first task that waits makes its
// loop the home.
func (d *descriptor) attach(w *loop.Waiter) (*loop.Loop, error) {
	if t := w.Task(); t != nil {
		l := t.Loop()
		if d.home.Load() == l || d.settle(l) {
			return l, nil
		}
	}
	return background.register(d)
}

// settle makes l, on which it is called, the home if there is none. A loop under
// virtual time has no descriptors and cannot be one.
func (d *descriptor) settle(l *loop.Loop) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.home.Load() != nil || l.Virtual() || d.state.Load()&closing != 0 {
		return d.home.Load() == l
	}
	if l.Register(d.fd, d) != nil {
		return false
	}
	d.home.Store(l)
	return true
}
