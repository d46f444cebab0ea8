//go:build unix && !aix

package aionet

import (
	"bufio"
	"context"
	"errors"
	"fmt"

	"github.com/goaio/aio"
	"github.com/goaio/aio/loop"
)

// ErrRequestTooLarge is why a connection of a [Requests] server was closed whose
// request was larger than it may be.
var ErrRequestTooLarge = errors.New("aionet: a request is larger than the server takes")

// MaxRequestSize is how many bytes a request may have, with its framing, unless
// [RequestSize] says otherwise.
const MaxRequestSize = 1 << 20

// RequestOption is a setting of [Requests].
type RequestOption func(*requests)

// RequestSize bounds the bytes of a request with its framing.
func RequestSize(n int) RequestOption { return func(h *requests) { h.max = n } }

// Requests makes a handler that is laid out as Kafka's server is: the loops cut
// requests out of the bytes with split ([LengthPrefixed], or a function of
// package bufio), the workers of pool call handle with each, and the loops write
// what it returns.
//
// While a request of a connection is in the pool, and while its response is not
// sent, nothing is read from that connection. So its requests are handled one
// after the other, in order, and a connection never needs more memory than a
// request, a response and a buffer. When the pool's queue is full connections
// wait in the same way, in order.
//
// handle may block. It may keep request no longer than it runs. A nil response
// is not sent. An error of handle or of split closes the connection and goes to
// the loop's exception handler; so does a panic. ctx is the server's.
//
// The pool is the caller's, who shuts it down after the server. The handler is
// for one server.
func Requests(pool aio.Executor, split bufio.SplitFunc, handle func(ctx context.Context, request []byte) (response []byte, err error), options ...RequestOption) Handler {
	h := &requests{admission: admission{pool: pool}, split: split, handle: handle, max: MaxRequestSize}
	for _, option := range options {
		option(h)
	}
	return Callbacks(func() Protocol { return &requester{requests: h} })
}

type requests struct {
	admission
	split  bufio.SplitFunc
	handle func(ctx context.Context, request []byte) ([]byte, error)
	max    int
}

// requester is the protocol of one connection, and the job of its request.
type requester struct {
	BaseProtocol
	*requests
	transport *Transport
	received  []byte
	cutOff    int  // so much of received has been handled
	ended     bool // the peer sends no more
	last      bool // close after what is to be sent
	choked    bool // responses wait to be sent
	draining  bool // the server stops
	lost      bool

	// request is with the pool while busy is set; what became of it is set by the
	// pool's worker before it calls back.
	busy     bool
	request  []byte
	response []byte
	failed   error
	next     *requester // that waits for a place in the pool
}

func (c *requester) ConnectionMade(t *Transport) { c.transport = t }
func (c *requester) ConnectionLost(error)        { c.lost = true }

func (c *requester) DataReceived(data []byte) {
	c.received = append(c.received, data...)
	c.advance()
}

// EOFReceived keeps the connection open while there is something to answer.
func (c *requester) EOFReceived() (keepOpen bool) {
	c.ended = true
	c.advance()
	return true
}

func (c *requester) PauseWriting() { c.choked = true }

func (c *requester) ResumeWriting() {
	c.choked = false
	c.advance()
}

// Drain closes the connection when its request has been answered.
func (c *requester) Drain() {
	c.draining = true
	c.advance()
}

// advance hands the next request to the pool, unless one is there, and has more
// read when there is none.
func (c *requester) advance() {
	if c.busy || c.choked || c.lost || c.transport == nil {
		return
	}
	if c.last || c.draining {
		_ = c.transport.Close()
		return
	}
	request, err := c.cut()
	switch {
	case err != nil:
		c.transport.fail(err)
	case request != nil:
		c.busy, c.request = true, request
		c.transport.mute()
		c.submit(c)
	default:
		c.readOn()
	}
}

// cut takes the next request off what was received; nil if there is none yet.
func (c *requester) cut() (request []byte, err error) {
	for {
		rest := c.received[c.cutOff:]
		if len(rest) == 0 && !c.ended {
			return nil, nil
		}
		n, request, err := c.split(rest, c.ended)
		if err == bufio.ErrFinalToken {
			c.last, err = true, nil
		}
		switch {
		case err != nil:
			return nil, err
		case n < 0 || n > len(rest):
			return nil, fmt.Errorf("aionet: the split function advances by %d of %d bytes", n, len(rest))
		case n > c.max || n == 0 && len(rest) >= c.max:
			return nil, ErrRequestTooLarge
		}
		c.cutOff += n
		if request != nil && (n > 0 || c.last) || n == 0 {
			return request, nil
		}
	}
}

// readOn waits for more of a request. Between requests it holds no memory.
func (c *requester) readOn() {
	switch {
	case c.ended || c.last:
		_ = c.transport.Close()
		return
	case c.cutOff == len(c.received):
		c.received, c.cutOff = nil, 0
	case c.cutOff > 0:
		c.received = append([]byte(nil), c.received[c.cutOff:]...)
		c.cutOff = 0
	}
	c.transport.unmute()
}

// Run is called by a worker of the pool.
func (c *requester) Run() {
	defer func() {
		if value := recover(); value != nil {
			c.failed = loop.NewPanicError(value)
		}
		c.finished(c)
	}()
	c.response, c.failed = c.handle(c.transport.Context(), c.request)
}

// Drop is called by the pool when it is shut down.
func (c *requester) Drop(err error) {
	c.failed = err
	c.finished(c)
}

// answer is called on the loop when the request has been handled.
func (c *requester) answer() {
	response, failed := c.response, c.failed
	c.busy, c.request, c.response, c.failed = false, nil, nil, nil
	if c.lost {
		return
	}
	if failed != nil {
		c.transport.fail(failed)
		return
	}
	if len(response) > 0 {
		if _, err := c.transport.Write(response); err != nil {
			return // the protocol hears of it
		}
	}
	c.advance()
}
