//go:build unix && !aix

package aionet

import "github.com/goaio/aio/loop"

// transports is what the transports of one loop share: the buffer they read
// into, and the queue of those that are ready. One callback of the loop serves
// all that are ready in a round.
type transports struct {
	loop        *loop.Loop
	buffer      []byte
	datagram    []byte // into which datagrams are read; nil until there is need
	first, last *Transport
	count       int
	scheduled   bool
	current     *Transport
	call        func() // work, bound once
}

type transportsKey struct{}

const transportBuffer = 64 << 10

// transportsOf is called on the loop.
func transportsOf(l *loop.Loop) *transports {
	if q, is := l.Value(transportsKey{}).(*transports); is {
		return q
	}
	q := &transports{loop: l, buffer: make([]byte, transportBuffer)}
	q.call = q.work
	l.SetValue(transportsKey{}, q)
	return q
}

// push queues a transport, once, for the next round.
func (q *transports) push(t *Transport) {
	if t.is&transportQueued != 0 {
		return
	}
	t.is |= transportQueued
	if q.last == nil {
		q.first = t
	} else {
		q.last.due = t
	}
	q.last = t
	q.count++
	q.schedule()
}

func (q *transports) schedule() {
	if !q.scheduled {
		q.scheduled = true
		q.loop.CallSoon(q.call)
	}
}

func (q *transports) pop() *Transport {
	t := q.first
	if q.first = t.due; q.first == nil {
		q.last = nil
	}
	q.count--
	t.due = nil
	t.is &^= transportQueued
	return t
}

// work serves those that are ready now. What becomes ready meanwhile is for the
// next round.
func (q *transports) work() {
	defer q.panicked()
	for n := q.count; n > 0; n-- {
		q.current = q.pop()
		q.current.ready()
	}
	q.current = nil
	q.scheduled = false
	if q.count > 0 {
		q.schedule()
	}
}

// panicked recovers for all, so that only a panic pays for it. The others are
// served in the next round.
func (q *transports) panicked() {
	value := recover()
	if value == nil {
		return
	}
	t := q.current
	q.current = nil
	q.scheduled = false
	if q.count > 0 {
		q.schedule()
	}
	t.failed(loop.NewPanicError(value))
}
