//go:build unix && !aix

package websocket

import (
	"context"
	"errors"
	"io"
	"net"
	"time"

	"github.com/gobwas/ws"

	"github.com/goaio/aio/aiohttp/internal/clock"
	"github.com/goaio/aio/aionet"
)

// How long the peer may take for its part of the end.
const (
	closeTimeout = 5 * time.Second
	lingering    = 500 * time.Millisecond
)

// Close does the close handshake and closes the connection: it sends a close
// frame behind what was written, waits for the peer's for up to five seconds, and
// drops messages that come meanwhile. A reason has at most 123 bytes of UTF-8.
// With a code of [StatusNoStatusReceived] the frame has none. After a cancel of
// the task it does not wait.
//
// In the event form it never waits: the peer's answer is an event. The error says
// that the peer did not answer; the connection is closed all the same. Of a
// connection that has ended it is nil.
func (c *Conn) Close(code StatusCode, reason string) error {
	if !code.sendable() && code != StatusNoStatusReceived {
		return errors.New("websocket: a close frame cannot have code " + itoa(int64(code)))
	}
	if len(reason) > maxReason {
		return errors.New("websocket: the reason of a close frame has at most 123 bytes")
	}
	if c.ended() != nil {
		return nil
	}
	c.tell(code, reason)
	if c.receiver.Load() != nil {
		return nil
	}
	err := c.reading.Lock(innermost)
	if err == nil {
		c.abandon()
		for err == nil {
			_, _, err = c.receive(innermost)
		}
		c.rest()
		c.reading.Unlock()
	}
	if end := c.ended(); end != nil {
		if end.Err != nil {
			return end
		}
		return nil
	}
	c.broken(err)
	return err
}

// CloseNow closes the connection without a handshake. Calls that wait return an
// error. A second one does nothing.
func (c *Conn) CloseNow() {
	c.finish(&CloseError{Code: StatusAbnormalClosure, Local: true})
}

// ended returns how the connection has ended, nil if it has not.
func (c *Conn) ended() *CloseError {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.end
}

// tell sends the peer a close frame, once, and gives it a time to answer.
func (c *Conn) tell(code StatusCode, reason string) {
	c.mu.Lock()
	if c.out.told {
		c.mu.Unlock()
		return
	}
	c.out.told = true
	c.writer.interrupt()
	c.expire(closeTimeout)
	c.push(appendFrame(nil, c.client, false, ws.OpClose, true, closeBody(code, reason)))
}

// peerCloses answers a close frame.
func (c *Conn) peerCloses(end *CloseError) {
	c.mu.Lock()
	end.Local = c.out.told
	c.mu.Unlock()
	c.tell(end.Code, end.Reason)
	c.endWhenSent(end, closeNow)
}

// peerLeaves ends the connection at the end of the stream. What is queued may
// still reach the peer.
func (c *Conn) peerLeaves() {
	c.mu.Lock()
	c.out.told = true
	c.writer.interrupt()
	c.expire(closeTimeout)
	c.mu.Unlock()
	c.endWhenSent(&CloseError{Code: StatusAbnormalClosure, Err: io.ErrUnexpectedEOF}, closeNow)
}

// fail ends the connection because the peer has broken a rule.
func (c *Conn) fail(code StatusCode, reason string) {
	c.tell(code, reason)
	c.endWhenSent(&CloseError{Code: code, Reason: reason, Local: true}, closeLingering)
}

// endWhenSent ends the connection as soon as what is queued was sent.
func (c *Conn) endWhenSent(end *CloseError, how closing) {
	c.mu.Lock()
	if c.end == nil {
		c.end = end
		c.out.closing = how
		c.pings.wake()
	}
	c.mu.Unlock()
	c.flush()
}

// finish ends the connection at once.
func (c *Conn) finish(end *CloseError) {
	c.mu.Lock()
	if c.end == nil {
		c.end = end
		c.pings.wake()
	}
	c.out.told = true
	c.writer.interrupt()
	c.out.queue, c.out.size = nil, 0
	c.mu.Unlock()
	c.shut()
}

// shut closes the connection underneath, once.
func (c *Conn) shut() {
	if c.closed.Swap(true) {
		return
	}
	c.mu.Lock()
	if c.stopTimer != nil {
		c.stopTimer()
	}
	c.heartbeat.stop()
	c.mu.Unlock()
	_ = c.way.Close()
	c.server.remove(c)
	// A loop calls for itself.
	if r := c.receiver.Load(); r != nil && r.pumped {
		r.closed(c)
	}
}

// expire closes the connection after a time. It is called with the lock held.
func (c *Conn) expire(d time.Duration) {
	if c.closed.Load() {
		return
	}
	if c.stopTimer != nil {
		c.stopTimer()
	}
	c.stopTimer = clock.AfterFunc(d, c.expired).Stop
}

var errNoAnswer = errors.New("the peer did not answer the close frame in time")

func (c *Conn) expired() {
	c.finish(&CloseError{Code: StatusAbnormalClosure, Local: true, Err: errNoAnswer})
}

// closeNow closes after the last frame was sent.
func (c *Conn) closeNow(how closing) {
	switch how {
	case closeNow:
		c.shut()
	case closeLingering:
		c.linger()
	}
}

// linger has the peer read the close frame before the connection is closed: a
// close with unread bytes would make the system send a reset, which may destroy
// it.
func (c *Conn) linger() {
	conn := c.way.netConn()
	if tls, is := conn.(interface{ NetConn() net.Conn }); is {
		conn = tls.NetConn() // whose CloseWrite never waits
	}
	half, is := conn.(interface{ CloseWrite() error })
	if !is || half.CloseWrite() != nil {
		c.shut()
		return
	}
	c.mu.Lock()
	c.expire(lingering)
	c.mu.Unlock()
	if !c.receiver.Load().onLoop() {
		go func() {
			for c.drop(context.Background()) == nil {
			}
			c.shut()
		}()
	}
}

// drop reads and forgets.
func (c *Conn) drop(ctx context.Context) error {
	b := aionet.Borrow()
	defer b.Return()
	_, err := c.way.ReadContext(ctx, b[:])
	return err
}
