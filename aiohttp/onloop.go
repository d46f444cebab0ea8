//go:build unix && !aix

package aiohttp

import (
	"context"
	"net/http"

	"github.com/goaio/aio"
	"github.com/goaio/aio/loop"
)

// OnLoop marks a handler that awaits and does not block: the server runs it as a
// coroutine on its connection's loop, and what it shares with other handlers of
// that loop needs no lock. A call in it that blocks stops the loop; see
// [aio.Blocking]. A nil handler is [http.DefaultServeMux], as the Server's is.
//
// On the server's own Handler the mark is the fast way: no goroutine is
// involved. On one that a router or middleware calls, a goroutine of the pool
// calls that and waits for the coroutine; a panic comes to it as an
// [*aio.PanicError]. So it is with HTTP/2, whose goroutines call the handler.
//
// When the client leaves, the handler's awaits are interrupted, whether they take a
// context or not.
func OnLoop(h http.Handler) http.Handler {
	if h == nil {
		h = http.DefaultServeMux
	}
	return onLoop{h}
}

type onLoop struct{ http.Handler }

// ServeHTTP is called by whoever has the marked handler inside.
func (h onLoop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	if loop.Current() != nil {
		h.Handler.ServeHTTP(w, r)
		return
	}
	if x, ours := ctx.Value(exchangeKey{}).(*exchange); ours {
		started := h.start(x.task, w, r)
		x.ctx.endsWith(started.task)
		started.await()
		return
	}
	on, ours := ctx.Value(loopKey{}).(context.Context)
	if !ours {
		h.Handler.ServeHTTP(w, r)
		return
	}
	mine := *r
	unbroken := context.WithoutCancel(ctx)
	mine.Body = awaitedBody{r.Body, unbroken}
	started := h.start(on, awaitedWriter{w, unbroken}, &mine)
	defer context.AfterFunc(ctx, func() { started.task.Cancel(context.Cause(ctx)) })()
	started.await()
}

// startedHandler is a marked handler as a coroutine of another loop than its
// caller's, who is a goroutine.
type startedHandler struct {
	task     *aio.Task[struct{}]
	panicked any
}

func (h onLoop) start(on context.Context, w http.ResponseWriter, r *http.Request) *startedHandler {
	s := &startedHandler{}
	s.task = aio.Go(on, func(context.Context) error {
		defer func() {
			// Who recovers it shows where it was, which the goroutine's stack does not.
			if s.panicked = recover(); s.panicked != nil && s.panicked != http.ErrAbortHandler {
				s.panicked = loop.NewPanicError(s.panicked)
			}
		}()
		h.Handler.ServeHTTP(w, r)
		return nil
	})
	return s
}

// await waits for the end. A panic is the caller's.
func (s *startedHandler) await() {
	<-s.task.Done()
	if s.panicked != nil {
		panic(s.panicked)
	}
}
