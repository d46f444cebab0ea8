package loop

import (
	"context"
	"time"

	"github.com/goaio/aio/internal/gid"
)

// Yield lets everything run that is ready: the task goes on in the next round.
// In a plain goroutine it yields the processor. It returns the error of a
// cancel that was requested before or meanwhile.
func Yield(ctx context.Context) error {
	if r := gid.Self(); r != nil {
		c, ok := r.Owner.(*coroutine)
		s, bare := ctx.(*Scope)
		if ok && bare && s.Task() == c.task && c.loop.observer == nil { // see Waiter.Wait for why this stands here
			c.loop.pushHere(c.task)
			if next := c.loop.next(nil); next != &c.co {
				ring, ok := &c.loop.turns.ring, false
				if next.ByYield() {
					ok = c.co.TransferByYield(ring, next)
				} else {
					ok = c.co.TransferByNext(ring, next)
				}
				if !ok && !c.co.Attend(ring) {
					c.disturbed()
				}
			}
			if c.task.mark || s.state.Load() != 0 {
				c.task.mark = false
				return c.cancelled(s)
			}
			return nil
		}
	}
	c, err := caller()
	if err != nil {
		return err
	}
	if c == nil {
		return yieldGoroutine(ctx)
	}
	return c.yield(ctx)
}

// Sleep suspends the task for d on the loop's clock; zero or less is a Yield.
// A plain goroutine sleeps on the clock of the loop that ctx belongs to, if
// any. A cancel ends it early with a [*CancelledError].
func Sleep(ctx context.Context, d time.Duration) error {
	c, err := caller()
	if err != nil {
		return err
	}
	if c == nil {
		return sleepGoroutine(ctx, d)
	}
	if d <= 0 || c.loop.closed.Load() { // see NewWaiterFor; no await of a closed loop returns
		return c.yield(ctx)
	}
	if err := c.checkThread(); err != nil {
		return err
	}
	l, t := c.loop, &c.timer
	if t.index == queued {
		t = &timer{index: outside}
	}
	c.waiter.state = pending
	now := l.driver.Now()
	c.task.beginWait(now, awaitedSleep, 0)
	t.when, t.waiter = later(now, d), &c.waiter
	l.timers.add(t)
	if err := c.waiter.Wait(ctx); err != nil {
		l.cancelTimer(t)
		return err
	}
	return nil
}
