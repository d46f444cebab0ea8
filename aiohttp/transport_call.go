//go:build unix && !aix

package aiohttp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"strings"
	"sync"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/loop"
)

// call is one request on one connection, and its response.
type call struct {
	transport  *Transport
	request    *http.Request
	body       io.ReadCloser // what is to be sent; an attempt before may have had another
	connection *clientConnection
	trace      *httptrace.ClientTrace

	gzip     bool // we have asked for it
	tunnels  bool // it is a CONNECT of our own
	consumed bool // the body was read or closed
	closed   bool // the body was closed, or is the sender's to close
	began    bool // something of a response has come
	sender   *sender
	received int // bytes of heads, until a trace has seen one

	response http.Response
	answer   responseBody
	ends     ends
}

// ends is what a call's connection waits for before it serves the next: the end
// of the response, and that of the request's body.
type ends struct {
	mu       sync.Mutex
	missing  int
	unusable bool // the connection is not used again
}

// do sends the request and returns its response. After an error the connection
// is closed, and so is the request's body unless nobody has touched it.
func (c *call) do(ctx context.Context) (response *http.Response, err error) {
	c.connection.traced = c.trace != nil
	c.connection.begin(ctx)
	c.ends.missing = 1
	err = errUnwound
	defer func() {
		if err != nil {
			err = c.fail(err)
		}
	}()
	if err = c.exchange(ctx); err != nil {
		return nil, err
	}
	return &c.response, nil
}

// errUnwound is the error of a call whose task was ended while it waited.
var errUnwound = errors.New("aiohttp: the task was ended")

// fail ends the call.
func (c *call) fail(err error) error {
	if s := c.sender; s != nil && !aio.IsCancelled(err) {
		// What has closed the connection says more than that it is closed. Once we
		// have closed it ourselves the sender has nothing more to say.
		if own := s.reason(); own != nil {
			err = own
		}
	}
	c.connection.close()
	err = c.failure(err)
	switch {
	case c.sender != nil:
		c.sender.abort(err)
	default:
		if c.consumed {
			c.closeRequestBody()
		}
		c.connection.out.discard()
	}
	c.connection.in.close()
	return err
}

func (c *call) closeRequestBody() {
	if c.body != nil && !c.closed {
		c.consumed, c.closed = true, true
		_ = c.body.Close()
	}
}

func (c *call) exchange(ctx context.Context) error {
	f, err := c.plan(ctx)
	if err != nil {
		return err
	}
	if err := c.writeHead(&f); err != nil {
		return err
	}
	out := &c.connection.out
	continues := f.present && c.expectsContinue()
	switch {
	case continues && c.transport.ExpectContinueTimeout > 0:
		if err := out.flush(); err != nil {
			return sending(err)
		}
		return c.exchangeWhenTold(ctx, f)
	case !f.present:
		if c.body != nil {
			c.closeRequestBody()
		}
		if err := out.flush(); err != nil {
			return c.sendFailed(sending(err))
		}
		c.wrote(nil)
	case f.small():
		err := c.sendAtOnce(f)
		c.wrote(err)
		if err != nil {
			return c.sendFailed(err)
		}
	default:
		c.startSender(f)
	}
	return c.finish(ctx)
}

// finish waits for the response to a request that was sent, or is being sent.
func (c *call) finish(ctx context.Context) error {
	err := c.awaitResponse(ctx)
	if err != nil {
		return err
	}
	return c.deliver()
}

// exchangeWhenTold sends the body when the server has said 100 Continue, or
// nothing for long enough.
func (c *call) exchangeWhenTold(ctx context.Context, f framing) error {
	if c.trace != nil && c.trace.Wait100Continue != nil {
		c.trace.Wait100Continue()
	}
	final := false
	over, err := c.within(ctx, c.transport.ExpectContinueTimeout, func() error {
		for {
			informed, err := c.nextHead()
			if err != nil || informed == 0 {
				final = err == nil
				return err
			}
			if informed == http.StatusContinue {
				return nil
			}
		}
	})
	if err != nil && !over {
		return err
	}
	if final && (c.response.Close || c.request.Close || c.response.StatusCode == http.StatusSwitchingProtocols) {
		// The body is not wanted, and the connection does not go on.
		c.ends.spoil()
		c.closeRequestBody()
		return c.deliver()
	}
	c.startSender(f)
	if final {
		c.sender.responded.Set()
		return c.deliver()
	}
	return c.finish(ctx)
}

// within calls fn, which reads heads, for a limited time, and reports whether that has
// passed. The connection lives on.
func (c *call) within(ctx context.Context, limit time.Duration, fn func() error) (over bool, err error) {
	if foreign, is := c.connection.conn.(*foreignConn); is {
		return foreign.limited(limit, fn)
	}
	err = aio.Timeout(ctx, limit, func(ctx context.Context) error {
		c.connection.reader.ctx = ctx
		return fn()
	})
	c.connection.reader.ctx = ctx
	var timeout *aio.TimeoutError
	return errors.As(err, &timeout), err
}

// awaitResponse waits for the head of the response.
func (c *call) awaitResponse(ctx context.Context) error {
	limit := c.transport.ResponseHeaderTimeout
	if limit <= 0 || c.sender != nil { // the sender keeps the time
		return c.readResponse()
	}
	err := aio.Timeout(ctx, limit, func(ctx context.Context) error {
		c.connection.reader.ctx = ctx
		return c.readResponse()
	})
	c.connection.reader.ctx = ctx
	var over *aio.TimeoutError
	if errors.As(err, &over) {
		return errHeaderTimeout
	}
	return err
}

var errHeaderTimeout error = timeoutError("timeout awaiting response headers")

// readResponse reads heads until one that is the response's.
func (c *call) readResponse() error {
	for {
		if informed, err := c.nextHead(); err != nil || informed == 0 {
			return err
		}
	}
}

// nextHead reads a head. It returns the status of an informational one, 0 for
// the response's own, which it parses.
func (c *call) nextHead() (informed int, err error) {
	text, err := c.readHead()
	if err != nil {
		return 0, err
	}
	c.response = http.Response{Request: c.request}
	if err := parseResponse(text, &c.response); err != nil {
		return 0, err
	}
	status := c.response.StatusCode
	if status < 100 || status > 199 || status == http.StatusSwitchingProtocols {
		if c.sender != nil {
			c.sender.responded.Set()
		}
		return 0, nil
	}
	if trace := c.trace; trace != nil {
		if status == http.StatusContinue && trace.Got100Continue != nil {
			trace.Got100Continue()
		}
		if trace.Got1xxResponse != nil {
			if err := trace.Got1xxResponse(status, textproto.MIMEHeader(c.response.Header)); err != nil {
				return 0, err
			}
			c.received = 0
		}
	}
	return status, nil
}

// readHead reads up to the empty line.
func (c *call) readHead() (string, error) {
	in := &c.connection.in
	limit := c.transport.maxHead()
	searched := 0
	for {
		b := in.unread()
		if len(b) > 0 && !c.began {
			c.began = true
			if c.trace != nil && c.trace.GotFirstResponseByte != nil {
				c.trace.GotFirstResponseByte()
			}
		}
		n := endOfHead(b, searched)
		if n > 0 && c.received+n <= limit {
			c.received += n
			text := string(b[:n])
			in.from += n
			return text, nil
		}
		if n > 0 || c.received+len(b) >= limit {
			return "", fmt.Errorf("aiohttp: the server's response headers exceed %d bytes", limit)
		}
		if end := bytes.IndexByte(b, '\n'); searched <= end && end >= 0 {
			// A server of another protocol says a line and waits: no need to wait too.
			if err := parseStatusLine(strings.TrimSuffix(string(b[:end]), "\r"), &http.Response{}); err != nil {
				return "", err
			}
		}
		searched = len(b)
		if err := in.more(limit); err == io.EOF && searched > 0 {
			return "", io.ErrUnexpectedEOF
		} else if err != nil {
			return "", err
		}
	}
}

// wrote tells the trace that the request was sent.
func (c *call) wrote(err error) {
	if c.trace != nil && c.trace.WroteRequest != nil {
		c.trace.WroteRequest(httptrace.WroteRequestInfo{Err: err})
	}
}

// responseEnded hears that the response was read to its end, which whole says,
// or will not be.
func (c *call) responseEnded(whole bool) {
	c.connection.in.close()
	c.end(whole)
	if !whole {
		c.sender.abort(errBodyRead)
		return
	}
	c.ends.mu.Lock()
	waits := c.ends.missing > 0
	c.ends.mu.Unlock()
	if waits {
		// The server has answered a request that it does not read to its end.
		later(lingerSending, func() {
			c.end(false)
			c.sender.abort(errAnswered)
		})
	}
}

var errAnswered = errors.New("aiohttp: the server has answered without the rest of the request's body")

// later calls fn after d, on the clock of the caller's loop if there is one.
func later(d time.Duration, fn func()) {
	if l := loop.Current(); l != nil {
		l.CallLater(d, fn)
	} else {
		time.AfterFunc(d, fn)
	}
}

// A body that is being sent has this long to end after the response has.
const lingerSending = 50 * time.Millisecond

// end hears that the response or the request's body has ended, or that the
// connection cannot be used on.
func (c *call) end(usable bool) {
	c.ends.mu.Lock()
	over := c.ends.missing == 0
	if usable {
		c.ends.missing--
	} else {
		c.ends.unusable, c.ends.missing = true, 0
	}
	unusable := c.ends.unusable
	last := c.ends.missing == 0 && !over
	c.ends.mu.Unlock()
	switch {
	case !last:
		return
	case unusable:
		c.connection.close()
		c.put(errors.New("aiohttp: the connection is not used again"))
	default:
		c.put(nil)
		c.transport.put(c.connection)
	}
	if c.sender != nil {
		c.sender.over.Set()
	}
}

// put tells the trace what becomes of the connection.
func (c *call) put(err error) {
	if c.trace != nil && c.trace.PutIdleConn != nil && !c.transport.DisableKeepAlives {
		c.trace.PutIdleConn(err)
	}
}
