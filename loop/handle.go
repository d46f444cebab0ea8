package loop

import "sync/atomic"

// Handle stands for a callback that is due. The zero Handle cancels nothing.
type Handle struct {
	loop  *Loop
	timer *timer
	call  *foreignCall
	at    uint64
}

// foreignCall is a callback that another goroutine queued. Where it will stand
// in the ready queue is not known yet, so it keeps its cancel itself.
type foreignCall struct {
	fn        func()
	cancelled atomic.Bool
}

func (c *foreignCall) run() {
	if !c.cancelled.Load() {
		c.fn()
	}
}

// Cancel takes the callback back; one that has run, or was cancelled, is left.
// Safe from any goroutine, but only on the loop it is certain at once.
func (h Handle) Cancel() {
	switch {
	case h.loop == nil:
	case h.call != nil:
		h.call.cancelled.Store(true)
	case !h.loop.onLoop():
		h.loop.CallSoon(h.Cancel)
	case h.timer != nil:
		h.loop.cancelTimer(h.timer)
	default:
		if e := h.loop.ready.at(h.at); e != nil {
			*e = nil
		}
	}
}
