//go:build unix && !aix

package aiohttp

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"

	"github.com/goaio/aio"
)

// failure is why a call has failed, and whether it may be made again.
type failure struct {
	error
	retry bool
}

func (f failure) Unwrap() error { return f.error }

func unwrapFailure(err error) error {
	if f, is := err.(failure); is {
		return f.error
	}
	return err
}

// failure makes the error of the call out of what went wrong. It is called when
// the connection is closed.
func (c *call) failure(err error) error {
	if aio.IsCancelled(err) {
		return err
	}
	connection := c.connection
	var bodyError requestBodyError
	if errors.As(err, &bodyError) {
		return bodyError.error
	}
	lost := err == io.EOF || isNetwork(err)
	retry := lost && connection.used && !connection.reader.got && (!connection.writer.sent.Load() || c.idempotent())
	if err != io.EOF && lost {
		err = fmt.Errorf("aiohttp: the connection broke: %w", err)
	}
	return failure{err, retry}
}

func isNetwork(err error) bool {
	var network *net.OpError
	return errors.As(err, &network) || errors.Is(err, net.ErrClosed)
}

// idempotent is RFC 9110, section 9.2.2, as net/http has it: a key in the header
// makes any request one.
func (c *call) idempotent() bool {
	switch c.request.Method {
	case "", http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return true
	}
	_, key := c.request.Header["Idempotency-Key"]
	_, x := c.request.Header["X-Idempotency-Key"]
	return key || x
}

// mayRetry reports whether a call that failed is to be made again.
func (c *call) mayRetry(err error) bool {
	f, is := err.(failure)
	return is && f.retry && (c.body == nil || c.body == http.NoBody || c.request.GetBody != nil || !c.consumed)
}

// again returns the body for another attempt.
func (c *call) again() (io.ReadCloser, error) {
	if c.body == nil || c.body == http.NoBody || !c.consumed {
		return c.body, nil
	}
	return c.request.GetBody()
}
