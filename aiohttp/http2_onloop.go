//go:build unix && !aix

package aiohttp

import (
	"context"
	"io"
	"net/http"

	"github.com/goaio/aio"
)

// loopKey finds in the context of a request of HTTP/2 the context for tasks on
// its connection's loop.
type loopKey struct{}

// elsewhere runs fn on a goroutine and awaits it, for a coroutine. It has a
// goroutine of its own, not one of a pool: who waits for slow clients would take
// the pool's from others.
func elsewhere(ctx context.Context, fn func() (int, error)) (int, error) {
	var done aio.Future[struct{}]
	n, err := 0, error(nil)
	go func() {
		n, err = fn()
		_ = done.SetResult(struct{}{})
	}()
	if _, err := done.Await(ctx); err != nil {
		return 0, err
	}
	return n, err
}

// awaitedBody is the body of a request of HTTP/2 for a coroutine: the one that
// net/http made blocks.
type awaitedBody struct {
	io.ReadCloser
	ctx context.Context // that no cancel ends: who reads has given p away
}

func (b awaitedBody) Read(p []byte) (int, error) {
	return elsewhere(b.ctx, func() (int, error) { return b.ReadCloser.Read(p) })
}

// awaitedWriter is the same for the answer. Both end when the client leaves.
type awaitedWriter struct {
	http.ResponseWriter
	ctx context.Context
}

func (w awaitedWriter) Write(p []byte) (int, error) {
	return elsewhere(w.ctx, func() (int, error) { return w.ResponseWriter.Write(p) })
}

func (w awaitedWriter) WriteHeader(status int) {
	if status < 100 || status > 199 { // then nothing is sent yet
		w.ResponseWriter.WriteHeader(status)
		return
	}
	_, _ = elsewhere(w.ctx, func() (int, error) {
		w.ResponseWriter.WriteHeader(status)
		return 0, nil
	})
}

func (w awaitedWriter) Flush() { _ = w.FlushError() }

// FlushError is for [http.ResponseController].
func (w awaitedWriter) FlushError() error {
	_, err := elsewhere(w.ctx, func() (int, error) { return 0, http.NewResponseController(w.ResponseWriter).Flush() })
	return err
}

// Unwrap is for [http.ResponseController].
func (w awaitedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
