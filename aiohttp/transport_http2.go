//go:build unix && !aix

package aiohttp

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/loop"
)

// speaksHTTP2 reports whether HTTP/2 is offered to servers of https.
func (t *Transport) speaksHTTP2() bool {
	switch {
	case t.Protocols != nil:
		return t.Protocols.HTTP2()
	case t.ForceAttemptHTTP2:
		return true
	}
	return t.DialContext == nil && t.DialTLSContext == nil && t.TLSClientConfig == nil
}

// offer returns what a handshake offers.
func (t *Transport) offer(others []string) []string {
	offer := append([]string{"h2"}, others...)
	if (t.Protocols == nil || t.Protocols.HTTP1()) && !slices.Contains(offer, "http/1.1") {
		offer = append(offer, "http/1.1")
	}
	return offer
}

// speaksHTTP2 reports whether a connection that was just made is one of HTTP/2.
func (c *clientConnection) speaksHTTP2() bool {
	if c.tls != nil {
		return c.tls.NegotiatedProtocol == "h2"
	}
	p := c.transport.Protocols
	return c.to.scheme == "http" && !c.to.absolute() && p != nil && p.UnencryptedHTTP2() && !p.HTTP1()
}

// maxSharedTries is how often a request is sent that servers turn away.
const maxSharedTries = 6

// roundTripShared sends a request over a connection of HTTP/2. again is not nil if
// the server has not looked at it: it waits for the time to try again, and returns
// the body.
func (t *Transport) roundTripShared(ctx context.Context, s *sharedConnection, request *http.Request, body io.ReadCloser) (response *http.Response, again func(context.Context, int) (io.ReadCloser, error), err error) {
	// The context that the request is sent with belongs to no task, for it is
	// goroutines that look at it.
	sending, cancel := context.WithCancelCause(loop.Carry(request.Context(), nil, nil))
	sent := request.WithContext(sending)
	sent.Body = body
	response, err = beside(ctx, func() (*http.Response, error) {
		response, err := s.conn.RoundTrip(sent)
		if err == nil && sending.Err() != nil {
			_ = response.Body.Close() // nobody is there any more
		}
		return response, err
	})
	if err != nil {
		cancel(err)
		if mayRetryShared(err) && (body == nil || body == http.NoBody || request.GetBody != nil) {
			again = func(ctx context.Context, tries int) (io.ReadCloser, error) { return waitShared(ctx, tries, request) }
		}
		return nil, again, err
	}
	response.Request = request
	response.Body = &sharedBody{ReadCloser: response.Body, ctx: request.Context(), cancel: cancel}
	return response, nil, nil
}

// waitShared waits, longer from try to try, for a server that has refused to come
// round.
func waitShared(ctx context.Context, tries int, request *http.Request) (io.ReadCloser, error) {
	if tries > 1 {
		if err := aio.Sleep(ctx, 100*time.Millisecond<<tries); err != nil {
			return nil, err
		}
	}
	if request.Body == nil || request.Body == http.NoBody {
		return request.Body, nil
	}
	return request.GetBody()
}

// mayRetryShared reports whether a server says that it has not looked at the
// request (RFC 9113, section 8.7), or is one that says PROTOCOL_ERROR where it means
// that: net/http's rule. For GOAWAY neither net/http nor golang.org/x/net/http2
// exports an error, only their texts can be told from others;
// TestTextsOfHTTP2Errors fails on a release of Go that has changed them.
func mayRetryShared(err error) bool {
	var stream streamError
	if errors.As(err, &stream) {
		return stream.Code == refusedStream || stream.Code == protocolError && stream.Cause != nil && stream.Cause.Error() == textFromPeer
	}
	text := err.Error()
	return strings.HasSuffix(text, textUnusable) || strings.HasSuffix(text, textGoAway)
}

const (
	protocolError = 1
	refusedStream = 7

	textUnusable = "http2: client conn not usable"
	textGoAway   = "http2: Transport received Server's graceful shutdown GOAWAY"
	textFromPeer = "received from peer"
)

// streamError has the form of net/http's, which errors.As fills it from.
type streamError struct {
	StreamID uint32
	Code     uint32
	Cause    error
}

func (streamError) Error() string { return "" }

// sharedBody is the body of a response over HTTP/2.
type sharedBody struct {
	io.ReadCloser
	ctx    context.Context
	cancel context.CancelCauseFunc // of the request's stream
}

// Read waits as all of the transport does. A cancel ends the stream.
func (b *sharedBody) Read(p []byte) (n int, err error) {
	ctx, release := heed(b.ctx)
	if release != nil {
		defer release()
	}
	if loop.CurrentTask() == nil {
		n, err = b.ReadCloser.Read(p)
	} else {
		// A read that was cancelled may still write, so not into the caller's memory.
		memory := make([]byte, min(len(p), 32<<10))
		n, err = beside(ctx, func() (int, error) {
			n, err := b.ReadCloser.Read(memory)
			if n > 0 && err == io.EOF {
				err = nil // the next one finds it
			}
			return n, err
		})
		copy(p, memory[:n])
	}
	if err != nil && err != io.EOF {
		b.cancel(err)
		err = outcome(b.ctx, err)
	}
	return n, err
}

func (b *sharedBody) Close() error {
	err := b.ReadCloser.Close()
	b.cancel(nil)
	return err
}

// beside calls fn, which blocks: in a goroutine if the caller is a task, which
// awaits it.
func beside[T any](ctx context.Context, fn func() (T, error)) (T, error) {
	if loop.CurrentTask() == nil {
		return fn()
	}
	var done aio.Future[T]
	go func() {
		if value, err := fn(); err != nil {
			_ = done.SetError(err)
		} else {
			_ = done.SetResult(value)
		}
	}()
	return done.Await(ctx)
}
