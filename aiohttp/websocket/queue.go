//go:build unix && !aix

package websocket

import (
	"github.com/goaio/aio/aionet"
	"github.com/goaio/aio/loop"
)

// outgoing are the whole frames that wait to be sent by whoever can do it without
// waiting, or by a goroutine if the peer does not read.
type outgoing struct {
	queue   [][]byte
	size    int
	due     bool    // somebody will look at the queue
	told    bool    // the peer was sent a close frame, or cannot be
	closing closing // what to do when it is empty
}

// room reports whether one more frame may be queued.
func (o *outgoing) room(size, most int) bool { return o.size == 0 || o.size+size <= most }

// closing is how the connection ends when all is sent.
type closing uint8

const (
	open closing = iota
	closeNow
	closeLingering // the peer may be sending still
)

// WriteNoWait sends a message without waiting: what the system does not take at
// once is queued. On a loop it is sent at the end of the round, with all else that
// is queued by then, and behind a message that is written in pieces. More than
// Options.MaxQueued is [ErrTooSlow]. data is copied.
func (c *Conn) WriteNoWait(t MessageType, data []byte) error {
	if err := check(t, data); err != nil {
		return err
	}
	return c.enqueueMessage(c.encode(nil, t, data))
}

// WritePreparedNoWait is WriteNoWait with a message that was prepared for many.
func (c *Conn) WritePreparedNoWait(p *Prepared) error { return c.enqueueMessage(p.frame(c)) }

func (c *Conn) enqueueMessage(frame []byte) error {
	if _, err := c.turn(nil); err != nil {
		return err
	}
	if !c.enqueue(frame) {
		return ErrTooSlow
	}
	return nil
}

// enqueue queues a frame and has it sent. It reports false if there is no room,
// which ends the connection. After a close frame nothing is sent.
func (c *Conn) enqueue(frame []byte) bool {
	c.mu.Lock()
	if c.out.told {
		c.mu.Unlock()
		return true
	}
	if !c.out.room(len(frame), c.maxQueued) {
		// Perhaps it only was not tried yet.
		c.mu.Unlock()
		c.flush()
		c.mu.Lock()
		if !c.out.room(len(frame), c.maxQueued) {
			c.mu.Unlock()
			c.broken(ErrTooSlow)
			return false
		}
	}
	c.push(frame)
	return true
}

// push is called with the lock held, and unlocks it.
func (c *Conn) push(frame []byte) {
	c.out.size += len(frame)
	if c.writer != nil && !isControl(frame) {
		c.writer.behind = append(c.writer.behind, frame)
		c.mu.Unlock()
		return
	}
	c.out.queue = append(c.out.queue, frame)
	due := c.out.due
	c.out.due = true
	c.mu.Unlock()
	switch {
	case due:
	case loop.Current() != nil:
		flushers.Get().add(c)
	default:
		c.flush()
	}
}

// flush sends what it can without waiting, unless somebody is writing, who does
// it then.
func (c *Conn) flush() {
	if c.writing.TryLock() {
		c.release()
	}
}

// release gives the turn to write up. What was queued meanwhile is sent first.
func (c *Conn) release() {
	var b *aionet.Buffer
	defer func() {
		if b != nil {
			b.Return()
		}
	}()
	for {
		c.mu.Lock()
		if len(c.out.queue) == 0 {
			c.out.due = false
			how := c.out.closing
			c.writing.Unlock()
			c.mu.Unlock()
			c.closeNow(how)
			return
		}
		c.mu.Unlock()
		if b == nil {
			b = aionet.Borrow()
		}
		batch := c.takeQueued(b[:0])
		sent, err := c.way.TryWrite(batch)
		if err != nil {
			c.broken(err)
			continue
		}
		if sent < len(batch) {
			go c.sendRest(append([]byte(nil), batch[sent:]...))
			return
		}
	}
}

// sendRest waits for a peer that does not read. It has the turn.
func (c *Conn) sendRest(rest []byte) {
	b := aionet.Borrow()
	defer b.Return()
	for len(rest) > 0 {
		if _, err := c.way.WriteContext(innermost, rest); err != nil {
			c.broken(err)
			break
		}
		rest = c.takeQueued(b[:0])
	}
	c.release()
}

// takeQueued takes as many frames as fit into to, at least one if there is any.
func (c *Conn) takeQueued(to []byte) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	taken := 0
	for _, frame := range c.out.queue {
		if taken > 0 && len(to)+len(frame) > cap(to) {
			break
		}
		if taken == 0 && len(frame) > cap(to) {
			to, taken = frame, 1
			break
		}
		to = append(to, frame...)
		taken++
	}
	c.out.size -= len(to)
	if taken == len(c.out.queue) {
		c.out.queue = nil
	} else {
		c.out.queue = c.out.queue[taken:]
	}
	return to
}

// putBack puts frames in front again. The caller has the turn to write.
func (c *Conn) putBack(batch []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.out.queue = append([][]byte{append([]byte(nil), batch...)}, c.out.queue...)
	c.out.size += len(batch)
}

// flushedInARow bounds how many connections are flushed before the loop looks after
// other things, which may add to what the rest have to send.
const flushedInARow = 64

// flusher has the connections of a loop that have something to send.
type flusher struct {
	loop *loop.Loop
	due  []*Conn
}

var flushers = aionet.NewLocal(func(l *loop.Loop) *flusher { return &flusher{loop: l} })

func (f *flusher) add(c *Conn) {
	f.due = append(f.due, c)
	if len(f.due) == 1 {
		f.loop.CallSoon(f.flush)
	}
}

func (f *flusher) flush() {
	n := min(len(f.due), flushedInARow)
	for i, c := range f.due[:n] {
		f.due[i] = nil
		c.flush()
	}
	if f.due = f.due[n:]; len(f.due) > 0 {
		f.loop.CallSoon(f.flush)
	} else {
		f.due = nil
	}
}
