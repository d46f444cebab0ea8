package loop

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"sync"
	"sync/atomic"
)

// signals are the signals that the loop hears. Unlike watches they are behind
// a lock, for it may take the last receiver of a signal some time to end.
type signals struct {
	mu    sync.Mutex
	heard map[os.Signal]*heard
}

// any reports whether the loop hears any signal.
func (s *signals) any() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.heard) > 0
}

// heard is one signal that the loop hears. Each has a channel of its own, so
// that a storm of one crowds out no other, and so that it can be given back
// alone: os/signal takes a whole channel back, and to register the rest anew
// would lose what arrives in between, or let it kill the process.
type heard struct {
	loop      *Loop
	arrived   chan os.Signal
	receivers atomic.Pointer[[]*receiver] // what it points to is never changed
	ended     chan struct{}
}

type receiver struct {
	loop   *Loop
	signal os.Signal
	fn     func()
	queued atomic.Bool
	gone   atomic.Bool
}

// SignalHandle stands for a receiver of a signal. The zero SignalHandle cancels
// nothing.
type SignalHandle struct{ receiver *receiver }

// AddSignalHandler has fn called on the loop when the process gets the signal,
// until [SignalHandle.Cancel] or [Loop.Close]: asyncio's add_signal_handler,
// but that a signal may have several receivers, on this loop and on others.
// They are called in the order in which they were added, each as a callback of
// its own that is queued as by [Loop.CallSoon]; a loop that sleeps is woken.
//
// Signals are not counted. The system, os/signal and the loop each keep one of
// a kind that is due: what arrives while a call of fn is queued already is one
// with it. What arrives when fn has begun is another call.
//
// While it has a receiver the signal does not have its usual effect on the
// process; with the last one in the process that comes back. A signal that
// nobody can catch (SIGKILL, SIGSTOP) and a nil fn are refused, and a closed
// loop returns [ErrClosed]. On Windows only os.Interrupt and SIGTERM ever
// arrive.
//
// Under virtual time a receiver neither holds the clock nor counts as somebody
// who could wake a task: a loop with nothing else to wait for ends with a
// [*DeadlockError].
//
// Safe from any goroutine.
func (l *Loop) AddSignalHandler(sig os.Signal, fn func()) (SignalHandle, error) {
	if err := CheckSignal(sig); err != nil {
		return SignalHandle{}, err
	}
	if fn == nil {
		return SignalHandle{}, errors.New("aio: a signal handler needs a function to call, not nil")
	}
	s := &l.signals
	s.mu.Lock()
	defer s.mu.Unlock()
	if l.closed.Load() {
		return SignalHandle{}, ErrClosed
	}
	r := &receiver{loop: l, signal: sig, fn: fn}
	if h := s.heard[sig]; h != nil {
		added := append(slices.Clone(*h.receivers.Load()), r)
		h.receivers.Store(&added)
		return SignalHandle{r}, nil
	}
	if s.heard == nil {
		s.heard = map[os.Signal]*heard{}
	}
	s.heard[sig] = hear(r)
	return SignalHandle{r}, nil
}

// Cancel removes the receiver: fn is not called any more, not even for a signal
// that has arrived. The second Cancel does nothing. It may be called in fn.
// Safe from any goroutine, but from another than the loop's a call may just be
// under way.
func (h SignalHandle) Cancel() {
	if r := h.receiver; r != nil && r.gone.CompareAndSwap(false, true) {
		r.loop.signals.remove(r)
	}
}

// CheckSignal returns an error if sig is none of the system's signals, or one
// that no process can catch.
func CheckSignal(sig os.Signal) error {
	switch {
	case !isSignal(sig):
		return fmt.Errorf("aio: %v is not a signal of the system; use os.Interrupt or one of syscall's", sig)
	case slices.Contains(uncatchable, sig):
		return fmt.Errorf("aio: no process can catch the signal %q", sig)
	}
	return nil
}

// hear registers the first receiver of a signal.
func hear(first *receiver) *heard {
	h := &heard{loop: first.loop, arrived: make(chan os.Signal, 1), ended: make(chan struct{})}
	h.receivers.Store(&[]*receiver{first})
	signal.Notify(h.arrived, first.signal)
	go h.deliver()
	return h
}

func (h *heard) deliver() {
	defer close(h.ended)
	for range h.arrived {
		for _, r := range *h.receivers.Load() {
			if r.queued.CompareAndSwap(false, true) {
				h.loop.pushForeign(callback(r.call))
			}
		}
	}
}

func (r *receiver) call() {
	r.queued.Store(false)
	if !r.gone.Load() {
		r.fn()
	}
}

// giveBack returns when the signal is registered no more and its goroutine has
// ended. That does not wait for the loop, so the loop may call it.
func (h *heard) giveBack() {
	signal.Stop(h.arrived)
	close(h.arrived)
	<-h.ended
}

func (s *signals) remove(r *receiver) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.heard[r.signal]
	if h == nil { // the loop was closed
		return
	}
	left := slices.DeleteFunc(slices.Clone(*h.receivers.Load()), func(other *receiver) bool { return other == r })
	h.receivers.Store(&left)
	if len(left) == 0 {
		delete(s.heard, r.signal)
		h.giveBack()
	}
}

// close gives everything back. The loop is marked as closed before.
func (s *signals) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, h := range s.heard {
		h.giveBack()
	}
	s.heard = nil
}
