//go:build unix && !aix

package aiohttptest

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/loop"
)

// A real connection's buffers hold about this much before the writer waits.
const pipeSize = 64 << 10

// end is one end of a connection in memory. It behaves as an [*aionet.Conn]
// does, and its deadlines are on the loop's clock. A task that waits for it does
// not hold a virtual clock, for the other end is in the same program.
type end struct {
	in, out *half
	name    string // of this end's address
	peer    string
	once    sync.Once
}

// newPipe makes two ends that are connected.
func newPipe(l *loop.Loop, client, server string) (*end, *end) {
	up, down := &half{loop: l}, &half{loop: l}
	return &end{in: down, out: up, name: client, peer: server}, &end{in: up, out: down, name: server, peer: client}
}

// half is one direction.
type half struct {
	loop *loop.Loop

	mu      sync.Mutex
	bytes   []byte
	ended   bool // the writer sends no more
	gone    bool // the reader has closed
	reader  side
	writer  side
	hangsUp func()
}

// side is who reads or who writes.
type side struct {
	waiting loop.WaitList
	closed  bool
	until   time.Time // on the loop's clock; zero for none
	timer   loop.Handle
}

var (
	awaitedRead  = loop.NewAwaited("aiohttptest read")
	awaitedWrite = loop.NewAwaited("aiohttptest write")
)

// wait waits for a change of a side. It is called, and returns, with the lock
// held.
func (h *half) wait(ctx context.Context, s *side, what *loop.Awaited) error {
	w, err := loop.NewWaiterFor(ctx, what, h)
	if err != nil {
		return err
	}
	s.waiting.PushBack(w)
	h.mu.Unlock()
	defer func() {
		h.mu.Lock()
		s.waiting.Remove(w)
	}()
	return w.Wait(ctx)
}

// over reports why a side cannot go on. It is called with the lock held.
func (h *half) over(s *side) error {
	switch {
	case s.closed:
		return net.ErrClosed
	case !s.until.IsZero() && !h.loop.Now().Before(s.until):
		return os.ErrDeadlineExceeded
	}
	return nil
}

func (h *half) read(ctx context.Context, p []byte, peek bool) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for {
		if err := h.over(&h.reader); err != nil {
			return 0, err
		}
		switch {
		case len(h.bytes) > 0 && peek:
			return 0, nil
		case len(h.bytes) > 0:
			n := copy(p, h.bytes)
			h.bytes = h.bytes[n:]
			h.writer.waiting.WakeAll()
			return n, nil
		case h.ended:
			return 0, io.EOF
		case len(p) == 0 && !peek:
			return 0, nil
		}
		if err := h.wait(ctx, &h.reader, awaitedRead); err != nil {
			return 0, err
		}
	}
}

func (h *half) write(ctx context.Context, p []byte) (n int, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for {
		if err := h.over(&h.writer); err != nil {
			return n, err
		}
		put, err := h.put(p[n:])
		if n += put; err != nil || n == len(p) {
			return n, err
		}
		if err := h.wait(ctx, &h.writer, awaitedWrite); err != nil {
			return n, err
		}
	}
}

// tryWrite writes what there is room for.
func (h *half) tryWrite(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.over(&h.writer); err != nil {
		return 0, err
	}
	return h.put(p)
}

// put is called with the lock held.
func (h *half) put(p []byte) (int, error) {
	if h.gone || h.ended {
		return 0, os.NewSyscallError("write", syscall.EPIPE)
	}
	free := max(0, min(pipeSize-len(h.bytes), len(p)))
	h.bytes = append(h.bytes, p[:free]...)
	if free > 0 {
		h.reader.waiting.WakeAll()
	}
	return free, nil
}

// finish ends the stream.
func (h *half) finish() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ended {
		return
	}
	h.ended = true
	h.reader.waiting.WakeAll()
	if h.hangsUp != nil {
		h.loop.CallSoon(h.hangsUp)
	}
}

// close closes a side of this end.
func (h *half) close(s *side) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s.closed = true
	s.timer.Cancel()
	if s == &h.reader {
		h.gone, h.bytes = true, nil
	}
	h.reader.waiting.WakeAll()
	h.writer.waiting.WakeAll()
}

// setDeadline translates a deadline to the loop's clock.
func (h *half) setDeadline(s *side, t time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s.timer.Cancel()
	s.until = time.Time{}
	if !t.IsZero() {
		s.until = h.loop.Now().Add(time.Until(t))
		s.timer = h.loop.CallAt(s.until, func() {
			h.mu.Lock()
			defer h.mu.Unlock()
			s.waiting.WakeAll()
		})
	}
	s.waiting.WakeAll()
}

func (e *end) ReadContext(ctx context.Context, p []byte) (int, error) {
	n, err := e.in.read(ctx, p, false)
	return n, e.wrap("read", err)
}

func (e *end) WriteContext(ctx context.Context, p []byte) (int, error) {
	n, err := e.out.write(ctx, p)
	return n, e.wrap("write", err)
}

// TryWrite writes what there is room for, and never waits.
func (e *end) TryWrite(p []byte) (int, error) {
	n, err := e.out.tryWrite(p)
	return n, e.wrap("write", err)
}

// WaitReadable waits until a read would not.
func (e *end) WaitReadable(ctx context.Context) error {
	if _, err := e.in.read(ctx, nil, true); err != io.EOF {
		return e.wrap("read", err)
	}
	return nil
}

// Readable reports whether a read would not wait.
func (e *end) Readable() bool {
	e.in.mu.Lock()
	defer e.in.mu.Unlock()
	return len(e.in.bytes) > 0 || e.in.ended
}

// innermost stands for the innermost scope of the caller.
var innermost context.Context

func (e *end) Read(p []byte) (int, error)  { return e.ReadContext(innermost, p) }
func (e *end) Write(p []byte) (int, error) { return e.WriteContext(innermost, p) }

// OnHangUp has fn called when the other end sends no more.
func (e *end) OnHangUp(fn func()) {
	e.in.mu.Lock()
	defer e.in.mu.Unlock()
	e.in.hangsUp = fn
}

func (e *end) CloseWrite() error { e.out.finish(); return nil }

func (e *end) Close() error {
	err := net.ErrClosed
	e.once.Do(func() {
		err = nil
		e.out.finish()
		e.out.close(&e.out.writer)
		e.in.close(&e.in.reader)
	})
	return e.wrap("close", err)
}

func (e *end) LocalAddr() net.Addr  { return address(e.name) }
func (e *end) RemoteAddr() net.Addr { return address(e.peer) }

func (e *end) SetDeadline(t time.Time) error {
	_ = e.SetReadDeadline(t)
	return e.SetWriteDeadline(t)
}

func (e *end) SetReadDeadline(t time.Time) error  { e.in.setDeadline(&e.in.reader, t); return nil }
func (e *end) SetWriteDeadline(t time.Time) error { e.out.setDeadline(&e.out.writer, t); return nil }

func (e *end) wrap(op string, err error) error {
	if err == nil || err == io.EOF || aio.IsCancelled(err) || errors.Is(err, loop.ErrAwaitInCallback) {
		return err
	}
	return &net.OpError{Op: op, Net: "memory", Source: e.LocalAddr(), Addr: e.RemoteAddr(), Err: err}
}

type address string

func (address) Network() string  { return "memory" }
func (a address) String() string { return string(a) }
