//go:build unix && !aix

package aionet

import (
	"context"
	"io"
	"iter"
	"net"
	"sync/atomic"

	"github.com/goaio/aio/loop"
)

// streamReader is the reading half of a stream. The bytes that have come and
// were not asked for yet are buffer[read:filled]. While there are none it has no
// buffer.
type streamReader struct {
	limit    int
	borrowed *Buffer // what buffer is part of, nil if it is the stream's own
	buffer   []byte
	read     int
	filled   int
	end      error // io.EOF once the stream has ended
	busy     atomic.Bool
	by       atomic.Pointer[loop.Task]
}

// begin is called by whoever reads. Two at a time would each get parts.
func (r *streamReader) begin() error {
	t := loop.CurrentTask()
	if r.busy.CompareAndSwap(false, true) {
		r.by.Store(t)
		return nil
	}
	return reported(&ConflictError{Reader: nameOf(r.by.Load()), Other: nameOf(t)})
}

func nameOf(t *loop.Task) string {
	if t == nil {
		return "(a goroutine)"
	}
	return t.Name()
}

func (r *streamReader) done() {
	if r.read == r.filled {
		r.release()
	}
	r.busy.Store(false)
}

func (r *streamReader) unread() []byte { return r.buffer[r.read:r.filled] }

// take takes n bytes, which the caller may keep.
func (r *streamReader) take(n int) []byte {
	taken := append(make([]byte, 0, n), r.unread()[:n]...)
	r.read += n
	return taken
}

func (r *streamReader) release() {
	if r.borrowed != nil {
		r.borrowed.Return()
	}
	r.borrowed, r.buffer, r.read, r.filled = nil, nil, 0, 0
}

// room makes room at the end of the buffer. A larger buffer is twice as large,
// so it is never much more than what has really come.
func (r *streamReader) room() {
	switch {
	case r.buffer == nil:
		r.borrowed = Borrow()
		r.buffer = r.borrowed[:]
	case r.filled < len(r.buffer):
	case r.read > 0:
		r.filled = copy(r.buffer, r.unread())
		r.read = 0
	default:
		larger := make([]byte, 2*len(r.buffer))
		filled := copy(larger, r.unread())
		r.release()
		r.buffer, r.filled = larger, filled
	}
}

// more waits for more bytes, and returns io.EOF at the end.
func (s *Stream) more(ctx context.Context) error {
	r := &s.in
	if r.end != nil {
		return r.end
	}
	if r.read == r.filled {
		r.release()
		if err := s.way.awaitNews(ctx); err != nil {
			return s.readError(err)
		}
	}
	r.room()
	n, err := s.way.ReadContext(ctx, r.buffer[r.filled:])
	r.filled += n
	if err == io.EOF {
		r.end = err
	}
	if n > 0 {
		return nil
	}
	return s.readError(err)
}

// readError says that the stream was closed where closing made a read fail.
func (s *Stream) readError(err error) error {
	if err != nil && err != io.EOF && s.out.closed() {
		return net.ErrClosed
	}
	return err
}

// direct is the length from which on a read goes past an empty buffer.
const direct = 2 << 10

// Read reads what is there, at least one byte, into p, and waits for it if
// nothing is. At the end of the stream it returns [io.EOF].
func (s *Stream) Read(ctx context.Context, p []byte) (int, error) {
	r := &s.in
	if err := r.begin(); err != nil {
		return 0, err
	}
	defer r.done()
	switch {
	case len(p) == 0:
		return 0, nil
	case r.read < r.filled:
	case r.end != nil:
		return 0, r.end
	case len(p) < direct:
		if err := s.more(ctx); err != nil {
			return 0, err
		}
	default:
		n, err := s.way.ReadContext(ctx, p)
		if err == io.EOF {
			r.end = err
			if n > 0 {
				err = nil
			}
		}
		return n, s.readError(err)
	}
	n := copy(p, r.unread())
	r.read += n
	return n, nil
}

// ReadExactly reads n bytes. If the stream ends before, it returns an
// [*IncompleteReadError] with what has come. The slice is the caller's. Memory
// is taken as the bytes come.
func (s *Stream) ReadExactly(ctx context.Context, n int) ([]byte, error) {
	r := &s.in
	if err := r.begin(); err != nil {
		return nil, err
	}
	defer r.done()
	for len(r.unread()) < n {
		if err := s.more(ctx); err == io.EOF {
			return nil, &IncompleteReadError{Partial: r.take(len(r.unread())), Expected: n}
		} else if err != nil {
			return nil, err
		}
	}
	return r.take(max(n, 0)), nil
}

// ReadUntil reads up to one of the separators, whichever ends first, and returns
// the bytes with it. If there is none within the stream's [Limit] it returns a
// [*LimitOverrunError] and takes nothing; if the stream ends before, an
// [*IncompleteReadError] with what has come. The slice is the caller's. It
// panics without a separator, or with an empty one.
func (s *Stream) ReadUntil(ctx context.Context, separators ...string) ([]byte, error) {
	r := &s.in
	if err := r.begin(); err != nil {
		return nil, err
	}
	defer r.done()
	for _, separator := range separators {
		if separator == "" {
			panic("aionet: ReadUntil with an empty separator")
		}
	}
	if len(separators) == 0 {
		panic("aionet: ReadUntil without a separator")
	}
	search := newSeparatorSearch(separators)
	for {
		start, end, found := search.next(r.unread())
		switch {
		case found && start > r.limit:
			return nil, &LimitOverrunError{Consumed: start, Limit: r.limit, Found: true}
		case found:
			return r.take(end), nil
		case search.from > r.limit:
			return nil, &LimitOverrunError{Consumed: search.from, Limit: r.limit}
		}
		if err := s.more(ctx); err == io.EOF {
			return nil, &IncompleteReadError{Partial: r.take(len(r.unread()))}
		} else if err != nil {
			return nil, err
		}
	}
}

// ReadLine reads a line and returns it with its "\n". The last line may have
// none; after it ReadLine returns [io.EOF]. A line longer than the stream's
// [Limit] is a [*LimitOverrunError], and is left in the buffer. The slice is the
// caller's.
func (s *Stream) ReadLine(ctx context.Context) ([]byte, error) {
	line, err := s.ReadUntil(ctx, "\n")
	if incomplete, is := err.(*IncompleteReadError); is {
		if len(incomplete.Partial) == 0 {
			return nil, io.EOF
		}
		return incomplete.Partial, nil
	}
	return line, err
}

// Lines ranges over the lines of the stream, as [Stream.ReadLine] returns them,
// until it ends. An error is the last pair.
func (s *Stream) Lines(ctx context.Context) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for {
			line, err := s.ReadLine(ctx)
			if err == io.EOF || !yield(line, err) || err != nil {
				return
			}
		}
	}
}

// AtEOF reports whether the stream has ended and nothing is left in the buffer.
// Only a read can find that out. It must not be called while somebody reads.
func (s *Stream) AtEOF() bool { return s.in.end != nil && s.in.read == s.in.filled }

// Buffered returns how many bytes have come that nobody has asked for yet. It
// must not be called while somebody reads.
func (s *Stream) Buffered() int { return len(s.in.unread()) }
