//go:build unix && !aix

package aionet

import (
	"context"
	"net"
	"os"
	"sync"
	"time"

	"github.com/goaio/aio"
)

// ciphertext is the connection that crypto/tls works on. Its Write never waits,
// for crypto/tls holds locks meanwhile; what the system does not take at once is
// kept for [TLSConn.flush].
type ciphertext struct{ c *TLSConn }

const (
	// maxEncrypted is how much is encrypted before it is sent.
	maxEncrypted = 64 << 10
	// maxReplies is how much of what reading made necessary, such as answers to
	// key updates, may wait to be sent while more is read.
	maxReplies = 64 << 10
)

var errDeadline = os.ErrDeadlineExceeded

// tlsOutput is what was encrypted and not sent yet.
type tlsOutput struct {
	mu      sync.Mutex
	waiting []byte
	sending bool // somebody is sending what came before
}

func (o *tlsOutput) pending() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.waiting)
}

func (t ciphertext) Read(p []byte) (int, error) {
	c := t.c
	if c.taken != nil {
		return c.taken.readCiphertext(p)
	}
	if c.rest {
		return c.raw.tryRead(p)
	}
	if !c.done.Load() {
		if err := c.flush(c.ctx); err != nil { // the peer answers only then
			return 0, interruption(err)
		}
	} else {
		c.settleOutput()
		if c.out.pending() > maxReplies {
			if err := c.flushInTurn(c.ctx); err != nil {
				return 0, interruption(err)
			}
		}
	}
	return c.raw.ReadContext(c.ctx, p)
}

func (t ciphertext) Write(p []byte) (int, error) {
	if t.c.taken != nil {
		return t.c.taken.writeCiphertext(p)
	}
	o := &t.c.out
	o.mu.Lock()
	defer o.mu.Unlock()
	sent := 0
	if len(o.waiting) == 0 && !o.sending {
		var err error
		if sent, err = t.c.raw.tryWrite(p); err != nil {
			return sent, t.c.raw.wrap("write", err)
		}
	}
	o.waiting = append(o.waiting, p[sent:]...)
	return len(p), nil
}

// Close sends once more what the system takes at once.
func (t ciphertext) Close() error {
	o := &t.c.out
	o.mu.Lock()
	if !o.sending && len(o.waiting) > 0 {
		_, _ = t.c.raw.tryWrite(o.waiting)
	}
	o.mu.Unlock()
	return t.c.raw.Close()
}

func (t ciphertext) LocalAddr() net.Addr  { return t.c.raw.LocalAddr() }
func (t ciphertext) RemoteAddr() net.Addr { return t.c.raw.RemoteAddr() }

// The deadlines that crypto/tls sets are those of writes, which do not wait.
func (t ciphertext) SetDeadline(time.Time) error      { return nil }
func (t ciphertext) SetReadDeadline(time.Time) error  { return nil }
func (t ciphertext) SetWriteDeadline(time.Time) error { return nil }

// flush waits until the system has taken what was encrypted. It is called with
// the turn to write, or in the handshake. A cancel leaves the rest for the next
// one.
func (c *TLSConn) flush(ctx context.Context) error {
	for {
		c.out.mu.Lock()
		piece := c.out.waiting
		if len(piece) == 0 {
			c.out.mu.Unlock()
			return nil
		}
		c.out.waiting, c.out.sending = nil, true
		c.out.mu.Unlock()
		if err := c.send(ctx, piece); err != nil {
			return err
		}
	}
}

func (c *TLSConn) send(ctx context.Context, piece []byte) error {
	n, returned := 0, false
	defer func() {
		if !returned { // unwound: how much was sent is not known
			_ = c.raw.Close()
		}
		c.out.mu.Lock()
		c.out.sending = false
		if rest := piece[n:]; len(rest) > 0 {
			c.out.waiting = append(rest, c.out.waiting...)
		}
		c.out.mu.Unlock()
	}()
	n, err := c.raw.WriteContext(ctx, piece)
	returned = true
	return err
}

func (c *TLSConn) flushInTurn(ctx context.Context) error {
	if err := c.writing.Lock(ctx); err != nil {
		return err
	}
	defer c.writing.Unlock()
	return c.flush(ctx)
}

// settleOutput has a task send what reading has added to the output, unless
// somebody writes, who sends it too.
func (c *TLSConn) settleOutput() {
	if c.out.pending() == 0 || !c.done.Load() || !c.writing.TryLock() {
		return
	}
	var unlock sync.Once
	sender := aio.Go(aio.Detached(context.Background()), func(ctx context.Context) error {
		defer unlock.Do(c.writing.Unlock)
		_ = c.flush(ctx) // an error comes again with the next call
		return nil
	}, aio.Name("aionet TLS writer"))
	if sender.Completed() { // a loop that is closed takes no task
		unlock.Do(c.writing.Unlock)
	}
}
