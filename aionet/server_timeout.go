//go:build unix && !aix

package aionet

import (
	"errors"
	"math"
	"time"

	"github.com/goaio/aio/loop"
)

var (
	// ErrIdleTimeout is why a connection was closed that has been idle for the
	// server's [IdleTimeout].
	ErrIdleTimeout = errors.New("aionet: the connection was idle for too long")
	// ErrFirstByteTimeout is why a connection was closed that has sent nothing
	// within the server's [FirstByteTimeout].
	ErrFirstByteTimeout = errors.New("aionet: the peer connected and sent nothing")
)

// IdleTimeout has connections closed on which nothing has happened for d: no
// byte has come and no read or write was begun. It takes up to a quarter longer.
// A handler that works and does not wait for the connection meanwhile is not
// idle. Protocols get [ErrIdleTimeout] as the reason, others an error for
// [net.ErrClosed]. Without it connections live as long as their peer does.
func IdleTimeout(d time.Duration) ServerOption { return func(o *serverOptions) { o.idle = d } }

// IdleLimiter is what an [EventHandler] may be too, if its connection may be idle
// for a time that depends on what it waits for.
type IdleLimiter interface {
	// IdleLimit says in place of the server's [IdleTimeout] for how long the
	// connection may be idle in the state that it is in; 0 is for any time. The
	// server must have an IdleTimeout, which says how often it looks: a quarter
	// of it is how much later the connection may be closed. It is called on the
	// loop and must not await.
	IdleLimit() time.Duration
}

func idleLimit(h EventHandler, server time.Duration) time.Duration {
	if own, is := h.(IdleLimiter); is {
		return own.IdleLimit()
	}
	return server
}

// FirstByteTimeout has connections closed whose peer has not sent a byte within
// d after it connected, with [ErrFirstByteTimeout]. IdleTimeout counts from then
// on.
func FirstByteTimeout(d time.Duration) ServerOption {
	return func(o *serverOptions) { o.firstByte = d }
}

// A connection is looked at this often in its idle timeout, so that what happens
// on it need not read a clock.
const looks = 4

// A timer looks at no more connections than this at once.
const maxLooks = 256

// timeouts are the connections of a reactor. One timer a line serves all of
// them: the times to look at them grow along the line.
type timeouts struct {
	fresh, open    lineup // those that have sent nothing, with a FirstByteTimeout; the others
	first, between time.Duration
	armed          [2]bool
	timers         [2]loop.Handle
}

func (t *timeouts) count() int { return t.fresh.count + t.open.count }

func (t *timeouts) each(fn func(connection)) {
	t.fresh.each(fn)
	t.open.each(fn)
}

// join takes a connection in. The times are those of the options; zero is none.
func (t *timeouts) join(l *link, now time.Time) {
	if t.first > 0 {
		l.look = now.Add(t.first)
		t.fresh.push(l)
		return
	}
	t.wait(l, now)
}

// wait puts a connection at the end of the line.
func (t *timeouts) wait(l *link, now time.Time) {
	l.look = now.Add(t.between)
	t.open.push(l)
}

// check looks at those whose time has come, and returns when to look again; zero
// for never.
func (t *timeouts) check(line *lineup, now time.Time) time.Time {
	for range maxLooks {
		l := line.first
		if l == nil || line == &t.open && t.between <= 0 {
			return time.Time{}
		}
		if l.look.After(now) {
			return l.look
		}
		line.remove(l)
		t.wait(l, now)
		switch {
		case line == &t.fresh:
			if !l.connection.heard() {
				l.connection.kill(ErrFirstByteTimeout)
			}
		case l.connection.touched():
			l.quiet = 0
		default:
			if l.quiet < math.MaxUint16 {
				l.quiet++
			}
			limit := l.connection.idleLimit(looks * t.between)
			if limit > 0 && time.Duration(l.quiet)*t.between >= limit {
				l.connection.kill(ErrIdleTimeout)
			}
		}
	}
	return now
}

// stop takes the timers back.
func (t *timeouts) stop() {
	for _, timer := range t.timers {
		timer.Cancel()
	}
}

// lookAfter arms the timers of the lines that have none.
func (r *reactor) lookAfter() {
	t := &r.conns
	for i, line := range [...]*lineup{&t.fresh, &t.open} {
		if t.armed[i] || line.first == nil || line == &t.open && t.between <= 0 {
			continue
		}
		t.armed[i] = true
		t.timers[i] = r.loop.CallAt(line.first.look, func() {
			t.armed[i] = false
			t.check(line, r.loop.Now())
			r.lookAfter()
		})
	}
}
