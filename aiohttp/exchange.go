//go:build unix && !aix

package aiohttp

import (
	"context"
	"maps"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aiohttp/internal/clock"
	"github.com/goaio/aio/aionet"
	"github.com/goaio/aio/loop"
)

// exchange is one request and its response. All that most requests need is this
// one piece of memory, and the rest is made for those that do.
type exchange struct {
	connection  *connection
	work        *work
	head        head
	body        *body // nil for none
	response    response
	ctx         requestContext
	scope       *loop.Scope // of a handler that runs on the loop, in scopes
	scopes      loop.NestedScope
	task        context.Context // of the task that serves the connection
	kept        *kept           // the connection was taken over, and stays one of the server
	abandoned   bool            // a handler that was cancelled may use it still
	interrupted bool            // the scope was cancelled
}

// kept is who has a connection by Keep.
type kept struct {
	aionet.EventHandler
	pending bool // it has bytes to work on already
}

func newExchange(c *connection, w *work) *exchange {
	x := &exchange{connection: c, work: w}
	x.ctx.exchange = x
	inRequest.set(&x.head.request, &x.ctx) // what it stands for is known when the handler is called
	x.response.exchange = x
	x.response.declared = -1
	return x
}

// serve has the handler answer, and reports whether the connection goes on.
// begun is when the request's first bytes came, zero if that does not matter.
func (x *exchange) serve(ctx context.Context, begun time.Time) bool {
	c := x.connection
	x.prepare()
	x.task = ctx
	c.current = x
	s := c.server
	start := time.Time{}
	if s.WriteTimeout > 0 || s.ReadTimeout > 0 || s.AccessLog != nil {
		start = clock.Now()
		x.limit(start, begun)
	}
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
	goOn := ok && x.response.end() && (x.body == nil || x.drain())
	if !ok && !x.abandoned {
		x.response.state |= closeAfter | returned
	}
	if s.AccessLog != nil && !x.abandoned {
		s.logAccess(&x.head.request, x.response.status, x.response.written, clock.Now().Sub(start))
	}
	switch {
	case !goOn:
	case x.response.is(timed): // the deadlines are over when the answer is sent
		goOn = x.work.out.flush() == nil
		_ = c.conn.SetDeadline(time.Time{})
	case s.ReadTimeout > 0 && x.body != nil:
		_ = c.conn.SetReadDeadline(time.Time{})
	}
	return goOn && !s.stopping()
}

// drain reads what the handler has left of the body. The client may wait for the
// answer before it sends that.
func (x *exchange) drain() bool {
	if x.response.is(fullDuplex) && x.work.out.flush() != nil {
		return false
	}
	return x.body.drain()
}

// limit sets the deadlines of the request.
func (x *exchange) limit(now, begun time.Time) {
	s, conn := x.connection.server, x.connection.conn
	if s.WriteTimeout > 0 {
		_ = conn.SetWriteDeadline(clock.Deadline(now.Add(s.WriteTimeout)))
	}
	if s.ReadTimeout > 0 && x.body != nil {
		if begun.IsZero() {
			begun = now
		}
		_ = conn.SetReadDeadline(clock.Deadline(begun.Add(s.ReadTimeout)))
	}
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
	case x.head.request.RequestURI == "*" && x.head.request.Method == http.MethodOptions && !x.connection.server.DisableGeneralOptionsHandler:
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Length", "0") })
	}
	return nil
}

// prepare completes the request.
func (x *exchange) prepare() {
	r := &x.head.request
	r.RemoteAddr = x.connection.remote()
	r.TLS = x.work.tls
	switch {
	case x.head.chunked:
		x.body = &body{in: &x.work.in, chunks: &chunks{trailer: func(trailer http.Header) {
			// As in net/http: what came, announced or not.
			if r.Trailer == nil && len(trailer) > 0 {
				r.Trailer = http.Header{}
			}
			maps.Copy(r.Trailer, trailer)
		}}}
	case x.head.length > 0:
		x.body = &body{in: &x.work.in, left: x.head.length}
	default:
		r.Body = http.NoBody
		return
	}
	if x.head.expect {
		x.body.proceed = x.proceed
	}
	r.Body = x.body
}

// proceed tells the client to send the body.
func (x *exchange) proceed() error {
	x.work.pipeline.begin()
	x.work.out.text("HTTP/1.1 100 Continue\r\n\r\n")
	return x.work.out.flush()
}

// onLoop runs the handler in this task. Its context is a scope of the task, so
// that awaits which take no context are interrupted too when the client leaves.
func (x *exchange) onLoop(ctx context.Context, h http.Handler) bool {
	x.scope = x.scopes.Enter(ctx)
	x.ctx.Context = x.scope
	x.sendEarlier()
	defer x.leave()
	// A response that the server's end has cut must not look whole.
	return x.call(h) && ctx.Err() == nil
}

func (x *exchange) leave() {
	scope := x.scope
	x.scope = nil
	scope.Exit()
	if x.interrupted {
		scope.Task().Uncancel()
	}
}

// pooled runs the handler on a goroutine of the server's pool.
func (x *exchange) pooled(ctx context.Context) bool {
	x.ctx.job = &jobContext{}
	_ = x.work.out.flush() // answers to a pipeline do not wait for a handler that may take long
	ok, err := aio.BlockingOn(ctx, x.connection.server.pool(), func(ctx context.Context) (bool, error) {
		x.ctx.begin(ctx)
		defer x.ctx.end(context.Canceled)
		return x.call(x.connection.server.handler()), nil
	})
	if err != nil {
		x.abandoned = true
	}
	return ok && err == nil
}

// cancelled cancels the handler's context. It is called on the loop.
func (x *exchange) cancelled(cause error) {
	if x.scope != nil {
		x.interrupted = true
		x.scope.Cancel(cause)
	} else if x.ctx.job != nil {
		x.ctx.end(cause)
	}
}

// call calls the handler, and reports whether it has returned.
func (x *exchange) call(h http.Handler) (ok bool) {
	defer func() {
		value, stack := recover(), []byte(nil)
		if p, is := value.(*aio.PanicError); is { // of a task of the handler's
			value, stack = p.Value, p.Stack
		}
		if value == nil || value == http.ErrAbortHandler {
			return
		}
		if stack == nil {
			stack = debug.Stack()
		}
		x.connection.server.log().Error("aiohttp: a handler panicked, its connection is closed", "panic", value,
			"peer", x.head.request.RemoteAddr, "stack", string(stack))
	}()
	h.ServeHTTP(&x.response, &x.head.request)
	return true
}

// keepAlive reports whether the server wants the connection to go on.
func (x *exchange) keepAlive() bool {
	s := x.connection.server
	return !s.stopping() && !s.oneRequest.Load()
}

func (x *exchange) logf(format string, arguments ...any) {
	x.connection.server.logf(format, arguments...)
}
