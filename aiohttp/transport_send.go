//go:build unix && !aix

package aiohttp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"
	"sync"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aionet"
	"github.com/goaio/aio/loop"
)

// A body of no more than this that is in memory is sent with the head. What is
// longer, or has to be waited for, is sent beside the wait for the response,
// which may come early.
const maxSmall = 8 << 10

func (f framing) small() bool { return f.memory && !f.chunked && f.length > 0 && f.length <= maxSmall }

// inMemory reports whether a body is read without waiting.
func inMemory(body io.Reader) bool {
	switch body.(type) {
	case *bytes.Reader, *bytes.Buffer, *strings.Reader:
		return true
	}
	switch reflect.TypeOf(body) {
	case noopCloser, noopCloserWriterTo:
		inner, is := reflect.ValueOf(body).Field(0).Interface().(io.Reader)
		return is && inMemory(inner)
	}
	return false
}

// What io.NopCloser returns, which is how requests are given their bodies.
var (
	noopCloser         = reflect.TypeOf(io.NopCloser(nil))
	noopCloserWriterTo = reflect.TypeOf(io.NopCloser(struct {
		io.Reader
		io.WriterTo
	}{}))
)

// requestBodyError is an error of the user's body.
type requestBodyError struct{ error }

func (e requestBodyError) Unwrap() error { return e.error }

// sendingError is an error of the connection while the request was sent.
type sendingError struct{ error }

func (e sendingError) Unwrap() error { return e.error }

func sending(err error) error { return sendingError{err} }

// sendFailed is called when the request could not be sent. The server may have
// answered nevertheless, and closed then.
func (c *call) sendFailed(err error) error {
	var s sendingError
	if !errors.As(err, &s) || aio.IsCancelled(err) || !c.connection.writer.sent.Load() {
		return err
	}
	c.ends.spoil()
	c.connection.out.err = nil
	if c.readResponse() != nil {
		return err
	}
	return c.deliver()
}

// sendAtOnce sends a body that is in memory, with the head.
func (c *call) sendAtOnce(f framing) error {
	out := &c.connection.out
	out.open()
	c.consumed = true
	start := len(out.memory)
	if start+int(f.length) > cap(out.memory) {
		if err := out.flush(); err != nil {
			return sending(err)
		}
		out.open()
		start = 0
	}
	room := out.memory[start : start+int(f.length)]
	n, err := io.ReadFull(c.body, room)
	if err != nil {
		return requestBodyError{wrongLength(f.length, int64(n), err)}
	}
	if err := longer(c.body, f.length); err != nil {
		return requestBodyError{err}
	}
	c.closeRequestBody()
	out.memory = out.memory[:start+n]
	if err := out.flush(); err != nil {
		return sending(err)
	}
	return nil
}

func wrongLength(declared, n int64, err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return fmt.Errorf("aiohttp: the request's ContentLength is %d, but its Body has only %d bytes", declared, n)
	}
	return err
}

func longer(body io.Reader, declared int64) error {
	var one [1]byte
	if n, _ := body.Read(one[:]); n > 0 {
		return fmt.Errorf("aiohttp: the request's ContentLength is %d, but its Body is longer", declared)
	}
	return nil
}

// sender sends the body of a call beside the wait for its response.
type sender struct {
	call      *call
	f         framing
	cancel    func(cause error)
	apart     bool      // on a goroutine
	closing   sync.Once // of the body
	responded aio.Event // the response has begun, or the call has failed
	over      aio.Event // the connection is back in the pool, or closed

	mu  sync.Mutex
	err error // why the body was not sent
}

// startSender starts the task, or the goroutine, that sends the body. It ends
// with the request's context, and not with the scope of the call.
func (c *call) startSender(f framing) {
	c.ends.missing++
	c.consumed, c.closed = true, true
	s := &sender{call: c, f: f}
	c.sender = s
	ctx := c.request.Context()
	if l := loop.Current(); l != nil && !blocks(c.body) {
		task := aio.Go(loop.Carry(ctx, l, nil), s.run, aio.Name("aiohttp sender"))
		s.cancel = func(cause error) { task.Cancel(cause) }
		return
	}
	s.apart = true
	ctx, s.cancel = context.WithCancelCause(loop.Carry(ctx, nil, nil))
	go func() { _ = s.run(ctx) }()
}

// blocks reports whether reading a body would stop the loop.
func blocks(body io.Reader) bool {
	switch body.(type) {
	case *io.PipeReader, *os.File, *probedBody:
		return true
	}
	return false
}

// abort ends the sending for a call that has failed, or whose response nobody reads
// to its end. A body that is read in a goroutine is closed, for it may have nothing
// more to say for ever; net/http does so too. The Close of some waits for the Read.
func (s *sender) abort(cause error) {
	if s == nil {
		return
	}
	s.responded.Set()
	s.cancel(cause)
	if s.apart {
		go s.closeBody()
	}
}

func (s *sender) closeBody() { s.closing.Do(func() { _ = s.call.body.Close() }) }

// settle waits until the connection of a response that was read to its end is back
// in the pool, so that the caller's next request finds it there. It takes
// lingerSending at most; a cancel ends only the wait.
func (s *sender) settle() {
	if s == nil {
		return
	}
	ctx, release := heed(s.call.request.Context())
	if release != nil {
		defer release()
	}
	_ = s.over.Wait(ctx)
}

func (s *sender) reason() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// run is the task.
func (s *sender) run(ctx context.Context) error {
	c := s.call
	err := errors.New("aiohttp: the task that sends a request's body was ended")
	defer func() {
		s.closeBody()
		c.connection.out.discard()
		c.wrote(err)
		s.ended(err)
		s.timeResponse(ctx, err)
	}()
	c.connection.writer.ctx = ctx
	err = s.send()
	return nil
}

// ended hears how sending has ended. When the connection has failed there may be
// a response nevertheless, so that is left to who waits for it.
func (s *sender) ended(err error) {
	c := s.call
	if err == nil {
		c.end(true)
		return
	}
	s.mu.Lock()
	s.err = err
	s.mu.Unlock()
	var failed sendingError
	if errors.As(err, &failed) && !aio.IsCancelled(err) {
		c.ends.spoil()
		c.end(true)
		return
	}
	c.connection.close()
	c.end(false)
}

// timeResponse gives up on a response that does not begin in time.
func (s *sender) timeResponse(ctx context.Context, err error) {
	limit := s.call.transport.ResponseHeaderTimeout
	if err != nil || limit <= 0 {
		return
	}
	var over *aio.TimeoutError
	if errors.As(aio.Timeout(ctx, limit, s.responded.Wait), &over) {
		s.mu.Lock()
		s.err = errHeaderTimeout
		s.mu.Unlock()
		s.call.connection.close()
	}
}

// send sends the body, and the head that may be in the output still.
func (s *sender) send() error {
	out := &s.call.connection.out
	if !s.f.memory {
		// The server may want to see the head before the body comes.
		if err := out.flush(); err != nil {
			return sending(err)
		}
	}
	buffer := aionet.Borrow()
	defer buffer.Return()
	total := int64(0)
	piece := func(p []byte) error {
		if total += int64(len(p)); !s.f.chunked && s.f.length >= 0 && total > s.f.length {
			return requestBodyError{fmt.Errorf("aiohttp: the request's ContentLength is %d, but its Body is longer", s.f.length)}
		}
		return s.piece(p)
	}
	if len(s.f.first) > 0 {
		if err := piece(s.f.first); err != nil {
			return err
		}
	}
	for over := s.f.over; !over; {
		n, err := s.call.body.Read(buffer[:])
		if n > 0 {
			if err := piece(buffer[:n]); err != nil {
				return err
			}
		}
		if over = err == io.EOF; err != nil && !over {
			return requestBodyError{err}
		}
	}
	if !s.f.chunked {
		if total < s.f.length {
			return requestBodyError{wrongLength(s.f.length, total, io.EOF)}
		}
	} else {
		out.text("0\r\n")
		out.header(s.call.request.Trailer, func(string) bool { return true })
		out.text("\r\n")
	}
	if err := out.flush(); err != nil {
		return sending(err)
	}
	return nil
}

// piece sends a part of the body.
func (s *sender) piece(p []byte) error {
	out := &s.call.connection.out
	if s.f.chunked {
		out.hex(len(p))
	}
	_ = out.write(p)
	if s.f.chunked {
		out.text("\r\n")
	}
	if s.f.memory && out.err == nil {
		return nil
	}
	if err := out.flush(); err != nil {
		return sending(err)
	}
	return nil
}
