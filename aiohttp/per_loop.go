//go:build unix && !aix

package aiohttp

import (
	"net/http"
	"sync/atomic"
	"time"

	"github.com/goaio/aio/loop"
)

// perLoop is what the connections of a loop have together.
type perLoop struct {
	loop  *loop.Loop // nil for a connection that a plain goroutine serves
	spare *work      // the next one's: most loops need one at a time
	date  atomic.Pointer[[]byte]
}

type perLoopKey struct{}

// here returns the caller's loop's.
func here() *perLoop {
	l := loop.Current()
	if l == nil {
		return &perLoop{}
	}
	p, _ := l.Value(perLoopKey{}).(*perLoop)
	if p == nil {
		p = &perLoop{loop: l}
		l.SetValue(perLoopKey{}, p)
	}
	return p
}

// dateValue returns the value of a Date header. It is made once a second, and a
// timer tells that the second is over: to ask the clock for each answer takes 3 %
// of what one takes besides the system. So it is late by as long as the loop is
// held up. Safe from any goroutine.
func (p *perLoop) dateValue() []byte {
	if p.loop == nil {
		return appendDate(time.Now())
	}
	if p.loop.Virtual() { // whose clock would go on to the timer
		return appendDate(p.loop.Now())
	}
	if text := p.date.Load(); text != nil {
		return *text
	}
	now := time.Now()
	text := appendDate(now)
	p.date.Store(&text)
	p.loop.CallLater(time.Second-time.Duration(now.Nanosecond()), func() { p.date.Store(nil) })
	return text
}

func appendDate(now time.Time) []byte { return now.UTC().AppendFormat(nil, http.TimeFormat) }
