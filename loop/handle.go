package loop

import "sync/atomic"

// Handle stands for a callback that is due. The zero Handle cancels nothing.
type Handle struct {
	loop  *Loop
	timer *timer
	cell  *cell
	at    uint64
}

// cell is the handle of a callback that another goroutine queued: where it will
// stand in the ready queue is not known yet.
type cell struct{ cancelled atomic.Bool }

// Cancel takes the callback back; one that has run, or was cancelled, is left.
// Safe from any goroutine, but only on the loop it is certain at once.
func (h Handle) Cancel() {
	switch {
	case h.loop == nil:
	case h.cell != nil:
		h.cell.cancelled.Store(true)
	case !h.loop.onLoop():
		h.loop.CallSoon(h.Cancel)
	case h.timer != nil:
		h.loop.cancelTimer(h.timer)
	default:
		if e := h.loop.ready.at(h.at); e != nil {
			*e = entry{}
		}
	}
}
