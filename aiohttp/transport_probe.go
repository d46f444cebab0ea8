//go:build unix && !aix

package aiohttp

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/loop"
)

// The first byte of a body may take this long: net/http's figure. After that there
// is taken to be one.
const probing = 200 * time.Millisecond

// probe finds out whether there is anything in a body that does not say so. One that
// may block is asked in a goroutine, which leaves the call free to be cancelled.
func (c *call) probe(ctx context.Context, f *framing) error {
	c.consumed = true
	if !f.memory && (blocks(c.body) || loop.Current() == nil) {
		return c.probeApart(ctx, f)
	}
	var one [1]byte
	n, err := c.body.Read(one[:])
	f.first, f.over = one[:n], err == io.EOF
	f.present = n > 0 || err == nil
	if err != nil && err != io.EOF {
		return requestBodyError{err}
	}
	return nil
}

func (c *call) probeApart(ctx context.Context, f *framing) error {
	p := &probedBody{ReadCloser: c.body, came: make(chan struct{})}
	c.body = p
	go p.probe()
	err := aio.Timeout(ctx, probing, func(ctx context.Context) error {
		_, _, err := aio.Recv(ctx, p.came)
		return err
	})
	var late *aio.TimeoutError
	switch {
	case errors.As(err, &late):
		return nil
	case err != nil:
		return err
	case p.n == 0 && p.err == io.EOF:
		f.present = false
	case p.n == 0 && p.err != nil:
		return requestBodyError{p.err}
	}
	return nil
}

// probedBody is a body whose first byte is read by a goroutine of its own. It is
// closed once.
type probedBody struct {
	io.ReadCloser
	came   chan struct{} // closed when the first byte has come
	first  [1]byte
	n      int
	err    error
	closes sync.Once
}

func (p *probedBody) probe() {
	p.n, p.err = p.ReadCloser.Read(p.first[:])
	close(p.came)
}

// Read blocks.
func (p *probedBody) Read(to []byte) (n int, err error) {
	<-p.came
	switch {
	case len(to) == 0:
		return 0, nil
	case p.n > 0:
		to[0], p.n = p.first[0], 0
		return 1, nil
	case p.err != nil:
		return 0, p.err
	}
	return p.ReadCloser.Read(to)
}

// Close does not wait for the first byte.
func (p *probedBody) Close() error {
	closing := func() { p.closes.Do(func() { _ = p.ReadCloser.Close() }) }
	select {
	case <-p.came:
		closing()
	default:
		go closing()
	}
	return nil
}
