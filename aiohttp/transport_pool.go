//go:build unix && !aix

package aiohttp

import (
	"container/list"
	"context"
	"net/http"
	"net/http/httptrace"
	"slices"
	"sync"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/loop"
)

// pool is a transport's connections: how many there are of each host, which are
// idle, and who waits for one.
type pool struct {
	mu    sync.Mutex
	hosts map[targetKey]*poolHost
	idle  list.List // of all hosts, the one that is idle for longest first
	timer *time.Timer
}

// poolHost is what a pool has for one host.
type poolHost struct {
	idle    []*clientConnection // the one that was used last is last
	open    int                 // those being dialled included
	waiting []*poolWaiter
}

// poolWaiter stands in line for a connection, or for the right to dial one,
// which is nil.
type poolWaiter struct {
	granted aio.Future[*clientConnection]
}

func (p *pool) host(key targetKey) *poolHost {
	h := p.hosts[key]
	if h == nil {
		if p.hosts == nil {
			p.hosts = map[targetKey]*poolHost{}
		}
		h = &poolHost{}
		p.hosts[key] = h
	}
	return h
}

// forget drops a host that nothing is left of. It is called with the lock held.
func (p *pool) forget(key targetKey, h *poolHost) {
	if h.open == 0 && len(h.waiting) == 0 {
		delete(p.hosts, key)
	}
}

// connection returns a connection that is the caller's: an idle one, the next
// that somebody gives back, or a new one.
func (t *Transport) connection(ctx context.Context, request *http.Request, to target) (*clientConnection, error) {
	trace := httptrace.ContextClientTrace(request.Context())
	if trace != nil && trace.GetConn != nil {
		trace.GetConn(to.address)
	}
	c, err := t.take(ctx, request, to)
	if err != nil {
		return nil, err
	}
	if trace != nil && trace.GotConn != nil {
		info := httptrace.GotConnInfo{Conn: c.conn, Reused: c.used}
		if !c.idleSince.IsZero() {
			info.WasIdle, info.IdleTime = true, c.now().Sub(c.idleSince)
		}
		trace.GotConn(info)
	}
	return c, nil
}

func (t *Transport) take(ctx context.Context, request *http.Request, to target) (*clientConnection, error) {
	p := &t.pool
	key := to.key()
	for {
		p.mu.Lock()
		h := p.host(key)
		c := p.takeIdle(h)
		var w *poolWaiter
		switch {
		case c != nil:
		case t.MaxConnsPerHost <= 0 || h.open < t.MaxConnsPerHost:
			h.open++
		default:
			w = &poolWaiter{}
			h.waiting = append(h.waiting, w)
		}
		p.mu.Unlock()
		if w != nil {
			if t.shared.room(key) { // since the caller has looked
				t.leave(key, w)
				return nil, errShared
			}
			var err error
			if c, err = t.await(ctx, key, w); err != nil {
				return nil, err
			}
		}
		switch {
		case c == nil:
		case !c.unwatch():
			return c, nil
		case w == nil:
			c.close() // the server has closed it, or has said what nobody asked for
			continue
		default:
			c.abandon() // and dial in its place
		}
		return t.dial(withValues(ctx, request.Context()), to, key)
	}
}

// await waits in line.
func (t *Transport) await(ctx context.Context, key targetKey, w *poolWaiter) (c *clientConnection, err error) {
	err = errUnwound
	defer func() {
		if err != nil {
			t.leave(key, w)
		}
	}()
	c, err = w.granted.Await(ctx)
	return c, err
}

// takeIdle takes an idle connection of the caller's loop, or else the one that
// was used last. It is called with the lock held.
func (p *pool) takeIdle(h *poolHost) *clientConnection {
	last := len(h.idle) - 1
	if last < 0 {
		return nil
	}
	at := last
	if home := loop.Current(); h.idle[last].home != home {
		for i := last - 1; i >= 0; i-- {
			if h.idle[i].home == home {
				at = i
				break
			}
		}
	}
	c := h.idle[at]
	p.remove(h, at)
	return c
}

// remove takes an idle connection out. It is called with the lock held.
func (p *pool) remove(h *poolHost, at int) {
	c := h.idle[at]
	h.idle = slices.Delete(h.idle, at, at+1)
	p.idle.Remove(c.element)
	c.element = nil
	c.expiry.Cancel()
}

// leave is called by a waiter that was cancelled. What it was given meanwhile
// goes to the next.
func (t *Transport) leave(key targetKey, w *poolWaiter) {
	p := &t.pool
	p.mu.Lock()
	h := p.host(key)
	if at := slices.Index(h.waiting, w); at >= 0 {
		h.waiting = slices.Delete(h.waiting, at, at+1)
		p.forget(key, h)
		p.mu.Unlock()
		return
	}
	p.mu.Unlock()
	switch c, err := w.granted.Result(); {
	case err == errShared: // it was given nothing
	case c == nil:
		t.closed(key)
	default:
		t.put(c)
	}
}

// closed hears that there is a connection less: who is next in line may dial.
func (t *Transport) closed(key targetKey) {
	p := &t.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	h := p.host(key)
	if len(h.waiting) > 0 {
		h.grant(nil)
	} else {
		h.open--
		p.forget(key, h)
	}
}

// grant gives the next in line a connection, or the right to dial. It is called
// with the lock held, so that who leaves the line knows what it has been given.
func (h *poolHost) grant(c *clientConnection) {
	w := h.waiting[0]
	h.waiting = slices.Delete(h.waiting, 0, 1)
	_ = w.granted.SetResult(c)
}

// put takes back a connection whose last response was read to its end, for the
// next in line or as an idle one, or closes it.
func (t *Transport) put(c *clientConnection) {
	c.rest()
	if t.DisableKeepAlives {
		c.close()
		return
	}
	p := &t.pool
	p.mu.Lock()
	h := p.host(c.key)
	if len(h.waiting) > 0 {
		c.idleSince = time.Time{}
		h.grant(c)
		p.mu.Unlock()
		return
	}
	most := t.MaxIdleConnsPerHost
	if most == 0 {
		most = http.DefaultMaxIdleConnsPerHost
	}
	if len(h.idle) >= most {
		p.mu.Unlock()
		c.close()
		return
	}
	if t.IdleConnTimeout > 0 || c.traced {
		c.idleSince = c.now()
	}
	c.element = p.idle.PushBack(c)
	h.idle = append(h.idle, c)
	var oldest *clientConnection
	if t.MaxIdleConns > 0 && p.idle.Len() > t.MaxIdleConns {
		oldest = p.idle.Front().Value.(*clientConnection)
		p.drop(oldest)
	}
	if t.IdleConnTimeout > 0 && c.virtual() {
		c.expiry = c.home.CallLater(t.IdleConnTimeout, func() { t.expireOne(c) })
	} else if t.IdleConnTimeout > 0 && p.idle.Len() > 0 && p.timer == nil {
		p.timer = time.AfterFunc(t.IdleConnTimeout, t.expire)
	}
	p.mu.Unlock()
	if oldest != nil {
		oldest.close()
	}
	if oldest != c {
		_ = c.watch() // unwatched, its end shows when it is used again
	}
}

// drop takes out a connection that is idle. It is called with the lock held.
func (p *pool) drop(c *clientConnection) {
	h := p.host(c.key)
	p.remove(h, slices.Index(h.idle, c))
}

// broke hears from a connection's loop that an idle one has something to read,
// which is its end or nothing that was asked for. Over TLS it may be none of our
// business; the connection stays where it is then.
func (t *Transport) broke(c *clientConnection) {
	p := &t.pool
	stale := c.readable()
	p.mu.Lock()
	idle := c.element != nil
	if idle && stale {
		p.drop(c)
	}
	p.mu.Unlock()
	switch {
	case !idle: // somebody has taken it, and finds out
	case stale:
		c.close()
	default:
		_ = c.watch()
	}
}

// expire closes connections that were idle for long enough on the system's clock.
func (t *Transport) expire() {
	p := &t.pool
	limit := time.Now().Add(-t.IdleConnTimeout)
	var old []*clientConnection
	p.mu.Lock()
	p.timer = nil
	for e := p.idle.Front(); e != nil; {
		c := e.Value.(*clientConnection)
		e = e.Next()
		if c.virtual() {
			continue
		}
		if c.idleSince.After(limit) {
			p.timer = time.AfterFunc(c.idleSince.Sub(limit), t.expire)
			break
		}
		p.drop(c)
		old = append(old, c)
	}
	p.mu.Unlock()
	for _, c := range old {
		c.close()
	}
}

// expireOne closes a connection that was idle for long enough on its own clock.
func (t *Transport) expireOne(c *clientConnection) {
	p := &t.pool
	p.mu.Lock()
	idle := c.element != nil && !c.idleSince.Add(t.IdleConnTimeout).After(c.now())
	if idle {
		p.drop(c)
	}
	p.mu.Unlock()
	if idle {
		c.close()
	}
}

// closeIdle closes the idle connections that which picks.
func (p *pool) closeIdle(which func(*clientConnection) bool) {
	var picked []*clientConnection
	p.mu.Lock()
	for e := p.idle.Front(); e != nil; {
		c := e.Value.(*clientConnection)
		e = e.Next()
		if which(c) {
			p.drop(c)
			picked = append(picked, c)
		}
	}
	if p.idle.Len() == 0 && p.timer != nil {
		p.timer.Stop()
		p.timer = nil
	}
	p.mu.Unlock()
	for _, c := range picked {
		c.close()
	}
}

// follow closes the idle connections of a loop with the loop. It is called on
// it.
func (t *Transport) follow(l *loop.Loop) {
	key := followed{t}
	if l.Value(key) == nil {
		l.SetValue(key, true)
		l.OnClose(func() { t.pool.closeIdle(func(c *clientConnection) bool { return c.home == l }) })
	}
}

type followed struct{ by *Transport }
