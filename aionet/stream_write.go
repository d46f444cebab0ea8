//go:build unix && !aix

package aionet

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/loop"
)

// closeGrace is how long the peer may take for what was buffered at Close.
const closeGrace = 10 * time.Second

var errNoHalfClose = errors.New("this connection cannot be closed in one direction only")

// streamWriter is the writing half of a stream. What the system does not take
// at once is buffered, and a task sends it.
type streamWriter struct {
	low, high int
	turn      aio.Mutex // of whoever writes
	mu        sync.Mutex
	buffered  []byte // to be sent behind what is in flight
	inFlight  int
	sending   bool // a task is at it
	ending    bool // WriteEOF was called
	closing   bool // Close was called
	err       error
	waiting   loop.WaitList
}

func (w *streamWriter) pending() int { return len(w.buffered) + w.inFlight }

// Write writes p, in one piece if others write too. What the system does not
// take at once is buffered and sent meanwhile. When more is buffered than the
// high-water mark allows (see [WriteLimits]) Write waits until it has sunk to
// the low one.
//
// It returns how many bytes were taken. Those are sent whatever happens to the
// caller; an error of sending them comes with the next call. A cancel ends the
// wait.
func (s *Stream) Write(ctx context.Context, p []byte) (taken int, err error) {
	w := &s.out
	if err := w.turn.Lock(ctx); err != nil {
		return 0, err
	}
	defer w.turn.Unlock()
	if _, is := s.way.(otherConn); is {
		if err := w.failed(); err != nil {
			return 0, err
		}
		return s.way.WriteContext(ctx, p)
	}
	for {
		n, err := s.enqueue(ctx, p[taken:])
		taken += n
		if err != nil || taken == len(p) {
			return taken, err
		}
		if err := w.until(ctx, func() bool { return w.pending() <= w.low }); err != nil {
			return taken, err
		}
	}
}

func (w *streamWriter) failed() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.unusable()
}

func (w *streamWriter) closed() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.closing
}

// unusable is called with the lock held.
func (w *streamWriter) unusable() error {
	switch {
	case w.err != nil:
		return w.err
	case w.closing:
		return net.ErrClosed
	case w.ending:
		return errors.New("aionet: write after WriteEOF")
	}
	return nil
}

// enqueue takes what there is room for.
func (s *Stream) enqueue(ctx context.Context, p []byte) (taken int, err error) {
	w := &s.out
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.unusable(); err != nil {
		return 0, err
	}
	if w.pending() == 0 {
		if taken, err = s.way.tryWrite(p); err != nil {
			w.err = err
			return taken, err
		}
	}
	// A mark of zero still has a byte sent by the task that waits for room.
	if room := max(w.high, 1) - w.pending(); taken < len(p) && room > 0 {
		n := min(room, len(p)-taken)
		w.buffered = append(w.buffered, p[taken:taken+n]...)
		taken += n
		s.send(ctx)
	}
	return taken, nil
}

// send has a task send what is buffered. It is called with the lock held.
func (s *Stream) send(ctx context.Context) {
	if !s.out.sending {
		s.out.sending = true
		aio.Go(aio.Detached(ctx), s.sender, aio.Name("aionet stream writer"))
	}
}

func (s *Stream) sender(ctx context.Context) error {
	w := &s.out
	err := errors.New("aionet: the loop ended before what was written was sent")
	// Deferred, for a task whose loop is closed is unwound from its await.
	defer func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.sending, w.inFlight = false, 0
		if w.err = errors.Join(w.err, err); w.err != nil {
			w.buffered = nil
		}
		s.finish()
		w.waiting.WakeAll()
	}()
	for {
		w.mu.Lock()
		piece := w.buffered
		w.buffered, w.inFlight = nil, len(piece)
		if w.pending() <= w.low {
			w.waiting.WakeAll()
		}
		if len(piece) == 0 {
			err = nil
			w.mu.Unlock()
			return nil
		}
		w.mu.Unlock()
		for len(piece) > 0 {
			n, failure := s.way.WriteContext(ctx, piece[:min(len(piece), 16<<10)])
			if failure != nil {
				err = failure
				return nil
			}
			piece = piece[n:]
			w.mu.Lock()
			w.inFlight -= n
			if w.pending() <= w.low {
				w.waiting.WakeAll()
			}
			w.mu.Unlock()
		}
	}
}

// finish does what was left for when everything is sent. It is called with the
// lock held.
func (s *Stream) finish() {
	w := &s.out
	if w.sending {
		return
	}
	if w.ending && w.err == nil {
		w.err = s.way.CloseWrite()
	}
	if w.closing {
		_ = s.conn.Close()
	}
}

// until waits until a condition holds, or nothing can be written any more.
func (w *streamWriter) until(ctx context.Context, holds func() bool) error {
	for {
		waiter, err := loop.NewWaiter(ctx)
		if err != nil {
			return err
		}
		w.mu.Lock()
		if w.err != nil || holds() {
			waiter.Discard()
			err := w.err
			w.mu.Unlock()
			return err
		}
		w.waiting.PushBack(waiter)
		w.mu.Unlock()
		if err := w.wait(ctx, waiter); err != nil {
			return err
		}
	}
}

func (w *streamWriter) wait(ctx context.Context, waiter *loop.Waiter) error {
	defer func() {
		w.mu.Lock()
		w.waiting.Remove(waiter)
		w.mu.Unlock()
	}()
	return waiter.Wait(ctx)
}

// Drain waits until the system has taken everything that was written, and
// returns an error if it could not be sent. asyncio's drain returns at the
// low-water mark already; here Write has waited for that.
func (s *Stream) Drain(ctx context.Context) error {
	return s.out.until(ctx, func() bool { return s.out.pending() == 0 && !s.out.sending })
}

// WriteEOF ends the stream to the peer behind what was written, and waits until
// the system has taken that. Reading goes on. A cancel ends only the wait.
func (s *Stream) WriteEOF(ctx context.Context) error {
	w := &s.out
	w.mu.Lock()
	if err := w.unusable(); err != nil {
		w.mu.Unlock()
		return err
	}
	w.ending = true
	s.finish()
	w.mu.Unlock()
	return s.Drain(ctx)
}

// Close closes the connection. It does not wait: what is buffered is still sent,
// for which the peer has ten seconds. [Stream.Drain] before it waits, and tells
// of errors. Calls that read end with an error for [net.ErrClosed]. The second
// Close does nothing.
func (s *Stream) Close() error {
	w := &s.out
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closing {
		return nil
	}
	w.closing = true
	if w.sending {
		_ = s.conn.SetReadDeadline(time.Unix(1, 0))
		return s.conn.SetWriteDeadline(time.Now().Add(closeGrace))
	}
	return s.conn.Close()
}

// Abort closes the connection at once; what is buffered is lost.
func (s *Stream) Abort() error {
	s.out.mu.Lock()
	s.out.closing = true
	s.out.mu.Unlock()
	return s.conn.Close()
}
