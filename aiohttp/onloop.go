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
// [aio.Blocking].
//
// On the server's own Handler the mark is the fast way: no goroutine is
// involved. On one that a router or middleware calls, a goroutine of the pool
// calls that and waits for the coroutine.
func OnLoop(h http.Handler) http.Handler { return onLoop{h} }

type onLoop struct{ http.Handler }

// ServeHTTP is called by whoever has the marked handler inside.
func (h onLoop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x, ours := r.Context().Value(exchangeKey{}).(*exchange)
	if !ours || loop.Current() != nil {
		h.Handler.ServeHTTP(w, r)
		return
	}
	panicked := any(nil)
	task := aio.Go(x.task, func(context.Context) error {
		defer func() { panicked = recover() }()
		h.Handler.ServeHTTP(w, r)
		return nil
	})
	<-task.Done()
	if panicked != nil {
		panic(panicked)
	}
}
