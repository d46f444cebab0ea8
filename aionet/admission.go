//go:build unix && !aix

package aionet

import (
	"errors"
	"sync"
	"time"

	"github.com/goaio/aio"
)

// admission lets the requests of all loops into a pool whose queue is bounded.
type admission struct {
	pool        aio.Executor
	mu          sync.Mutex
	inside      int        // requests that the pool has
	first, last *requester // those that wait, oldest first
	retrying    bool       // a timer will let the next one try
}

// A place that was given back may not be free yet, and a pool that is full of
// others' jobs does not tell when it has one again: the next try is then after
// this time.
const admissionRetry = 2 * time.Millisecond

// submit hands a request to the pool, or lets it wait. It is called on the
// connection's loop.
func (a *admission) submit(c *requester) {
	a.mu.Lock()
	if a.first != nil {
		a.push(c)
		a.mu.Unlock()
		return
	}
	a.mu.Unlock()
	a.enter(c, false)
}

// enter tries to hand a request over. Who was called for a place that is not
// there waits first in line and tries again.
func (a *admission) enter(c *requester, called bool) {
	if c.lost {
		c.busy = false
		if called {
			a.callNext()
		}
		return
	}
	a.mu.Lock()
	a.inside++
	a.mu.Unlock()
	err := a.pool.SubmitNoWait(c)
	if err == nil {
		return
	}
	a.mu.Lock()
	a.inside--
	full := errors.Is(err, aio.ErrQueueFull)
	retry := full && !a.retrying && (called || a.inside == 0)
	switch {
	case !full:
	case called:
		c.next, a.first = a.first, c
		if a.last == nil {
			a.last = c
		}
	default:
		a.push(c)
	}
	if retry {
		a.retrying = true
	}
	a.mu.Unlock()
	switch {
	case !full:
		c.failed = err
		c.answer()
	case retry:
		c.transport.Loop().CallLater(admissionRetry, func() {
			a.mu.Lock()
			a.retrying = false
			a.mu.Unlock()
			a.callNext()
		})
	}
}

func (a *admission) push(c *requester) {
	if a.last == nil {
		a.first = c
	} else {
		a.last.next = c
	}
	a.last = c
}

// callNext has the oldest one that waits try for a place.
func (a *admission) callNext() {
	a.mu.Lock()
	next := a.first
	if next != nil {
		if a.first = next.next; a.first == nil {
			a.last = nil
		}
		next.next = nil
	}
	a.mu.Unlock()
	if next != nil {
		next.transport.Loop().CallSoon(func() { a.enter(next, true) })
	}
}

// finished is called by a worker when a request has been handled.
func (a *admission) finished(c *requester) {
	a.mu.Lock()
	a.inside--
	a.mu.Unlock()
	c.transport.Loop().CallSoon(c.answer)
	a.callNext()
}
