//go:build unix && !aix

package aiohttp

import (
	"context"
	"maps"
	"net/http"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aionet"
	"github.com/goaio/aio/loop"
)

// exchange is one request and its response.
type exchange struct {
	connection *connection
	work       *work
	out        *output
	request    *http.Request
	head       head
	body       requestBody
	response   response
	ctx        requestContext
	cancel     atomic.Pointer[func(error)] // of the handler's context, while it runs
	task       context.Context             // of the task that serves the connection
	kept       aionet.EventHandler         // with Keep
	pending    bool                        // it has bytes to work on already
	abandoned  bool                        // a handler that was cancelled may use it still
}

// requestBody is a body, if there is one.
type requestBody struct {
	body
	present bool
}

func newExchange(c *connection, w *work) *exchange {
	x := &exchange{connection: c, work: w, out: &w.out}
	x.ctx.exchange = x
	// A request has its context from here on, for to give it one later would copy
	// it; what the context stands for is known when the handler is called.
	x.request = new(http.Request).WithContext(&x.ctx)
	x.response.exchange = x
	x.response.declared = -1
	return x
}

// serve has the handler answer, and reports whether the connection goes on.
func (x *exchange) serve(ctx context.Context) bool {
	c := x.connection
	x.prepare()
	x.task = ctx
	c.current = x
	s := c.server
	if s.WriteTimeout > 0 {
		_ = c.conn.SetWriteDeadline(time.Now().Add(s.WriteTimeout))
	}
	if s.ReadTimeout > 0 {
		_ = c.conn.SetReadDeadline(time.Now().Add(s.ReadTimeout))
		defer func() { _ = c.conn.SetReadDeadline(time.Time{}) }()
	}
	start := time.Time{}
	if s.AccessLog != nil {
		start = time.Now()
	}
	x.ctx.values = c.values
	if c.values != nil && c.values.Done() != nil {
		defer x.endWith(c.values)()
	}
	ok := false
	if own := x.own(); own != nil {
		x.ctx.Context = ctx
		ok = x.call(own)
	} else if h, on := s.handler().(onLoop); on {
		ok = x.onLoop(ctx, h.Handler)
	} else {
		ok = x.pooled(ctx)
	}
	if x.response.is(hijacked) {
		return false
	}
	c.current = nil
	if !ok {
		x.response.state |= closeAfter
		if s.AccessLog != nil && !x.abandoned {
			s.logAccess(x.request, x.response.status, x.response.written, time.Since(start))
		}
		return false
	}
	goOn := x.response.end()
	if x.body.present && goOn && !x.body.drain() {
		goOn = false
	}
	if s.AccessLog != nil {
		s.logAccess(x.request, x.response.status, x.response.written, time.Since(start))
	}
	return goOn && !s.stopping()
}

// endWith has the handler's context end with one that the server was given.
func (x *exchange) endWith(values context.Context) (stop func() bool) {
	on := loop.Current()
	return context.AfterFunc(values, func() {
		on.CallSoon(func() {
			if x.connection.current == x {
				x.cancelled(context.Cause(values))
			}
		})
	})
}

// own returns the server's own handler for what no handler is asked.
func (x *exchange) own() http.Handler {
	switch {
	case x.head.unmet:
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Connection", "close")
			w.WriteHeader(http.StatusExpectationFailed)
		})
	case x.request.RequestURI == "*" && x.request.Method == http.MethodOptions:
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Length", "0") })
	}
	return nil
}

// prepare completes the request.
func (x *exchange) prepare() {
	r := x.request
	r.RemoteAddr = x.connection.remote()
	r.TLS = x.work.tls
	x.body.in = &x.work.in
	switch {
	case x.head.chunked:
		x.body.chunks = &chunks{trailer: func(trailer http.Header) {
			// As in net/http: what came, announced or not.
			if r.Trailer == nil && len(trailer) > 0 {
				r.Trailer = http.Header{}
			}
			maps.Copy(r.Trailer, trailer)
		}}
		x.body.present = true
	case x.head.length > 0:
		x.body.left = x.head.length
		x.body.present = true
	default:
		r.Body = http.NoBody
		return
	}
	if x.head.expect {
		x.body.proceed = x.proceed
	}
	r.Body = &x.body.body
}

// proceed tells the client to send the body.
func (x *exchange) proceed() error {
	x.out.text("HTTP/1.1 100 Continue\r\n\r\n")
	return x.out.flush()
}

// onLoop runs the handler in this task. Its context is a scope of the task, so
// that awaits which take no context are interrupted too when the client leaves.
func (x *exchange) onLoop(ctx context.Context, h http.Handler) bool {
	scope := loop.Enter(ctx)
	x.ctx.Context = scope
	left := false
	cancel := func(cause error) { left = true; scope.Cancel(cause) }
	x.cancel.Store(&cancel)
	defer func() {
		x.cancel.Store(nil)
		scope.Exit()
		if left {
			scope.Task().Uncancel()
		}
	}()
	return x.call(h)
}

// pooled runs the handler on a goroutine of the server's pool.
func (x *exchange) pooled(ctx context.Context) bool {
	ok, err := aio.BlockingOn(ctx, x.connection.server.pool(), func(ctx context.Context) (bool, error) {
		inner, cancel := context.WithCancelCause(ctx)
		x.ctx.Context = inner
		defer cancel(nil)
		cancelled := func(cause error) { cancel(cause) }
		x.cancel.Store(&cancelled)
		defer x.cancel.Store(nil)
		return x.call(x.connection.server.handler()), nil
	})
	if err != nil {
		x.abandoned = true
	}
	return ok && err == nil
}

// cancelled cancels the handler's context. It is called on the loop.
func (x *exchange) cancelled(cause error) {
	if cancel := x.cancel.Load(); cancel != nil {
		(*cancel)(cause)
	}
}

// call calls the handler, and reports whether it has returned.
func (x *exchange) call(h http.Handler) (ok bool) {
	defer func() {
		if value := recover(); value != nil && value != http.ErrAbortHandler {
			x.connection.server.log().Error("aiohttp: a handler panicked, its connection is closed", "panic", value,
				"peer", x.request.RemoteAddr, "stack", string(debug.Stack()))
		}
	}()
	h.ServeHTTP(&x.response, x.request)
	return true
}

// keepAlive reports whether the server wants the connection to go on.
func (x *exchange) keepAlive() bool { return !x.connection.server.stopping() }

func (x *exchange) logf(format string, arguments ...any) {
	x.connection.server.logf(format, arguments...)
}

// exchangeKey finds the exchange in a request's context.
type exchangeKey struct{}

// requestContext is the context of a request: the handler's task or job, with
// net/http's values, and those of the connection's context.
type requestContext struct {
	context.Context
	exchange *exchange
	values   context.Context // nil for none
}

func (c *requestContext) Value(key any) any {
	switch key {
	case http.ServerContextKey:
		return c.exchange.connection.server.standard
	case http.LocalAddrContextKey:
		return c.exchange.connection.conn.LocalAddr()
	case exchangeKey{}:
		return c.exchange
	}
	// The task's own come first: they say where an await stands.
	if value := c.Context.Value(key); value != nil || c.values == nil {
		return value
	}
	return c.values.Value(key)
}
