//go:build unix && !aix

package aionet

import "github.com/goaio/aio/loop"

// OnReadable has fn called, once, when there is something to read, be it the end
// of the stream or an error, and nobody reads; nil takes that back. It is for
// the owner of an idle connection, who so needs no task that waits, and no
// buffer. fn is called on a loop, that of the tasks that use the connection or
// one of this package's, so it must not wait; a call that is on its way when
// OnReadable is called again still comes.
//
// It returns an error when the system does not let the connection be watched. A
// connection that a server of this package serves is watched by that, and must
// not be given to OnReadable. Safe from any goroutine.
func (c *Conn) OnReadable(fn func()) error {
	d := &c.descriptor
	if fn == nil {
		d.mu.Lock()
		if w, is := d.hook.(*watch); is {
			w.fn = nil
		}
		d.mu.Unlock()
		return nil
	}
	// The file stays open meanwhile, and registered.
	if err := d.use(func(int) error { return c.watch(fn) }); err != nil {
		return c.wrap("watch", err)
	}
	return nil
}

func (c *Conn) watch(fn func()) error {
	d := &c.descriptor
	on, err := d.watched()
	if err != nil {
		return err
	}
	d.mu.Lock()
	w, is := d.hook.(*watch)
	if !is {
		w = &watch{}
		d.hook = w
	}
	w.fn, w.on = fn, on
	d.mu.Unlock()
	if c.tryUnread() {
		d.mu.Lock()
		w.readable()
		d.mu.Unlock()
		return nil
	}
	if on == d.home.Load() {
		on.Rearm(d.fd, d, loop.Readable)
	} else {
		on.Rearm(d.fd, behind{d}, loop.Readable)
	}
	return nil
}

// Readable reports whether a Read would return at once. While somebody reads, or
// before anybody has waited for the connection, the answer is no. It never
// waits. Safe from any goroutine.
func (c *Conn) Readable() bool { return c.tryUnread() }

// Readable is [Conn.Readable]: what only concerns TLS itself, such as a session
// ticket, is dealt with and does not count. Safe from any goroutine.
func (c *TLSConn) Readable() bool {
	if !c.done.Load() || !c.turn.lock.TryLock() {
		return false
	}
	defer c.turn.end()
	return c.peek()
}

// watched returns the loop that hears of the descriptor: the home if that runs,
// else the background loop.
func (d *descriptor) watched() (*loop.Loop, error) {
	if l := loop.Current(); l != nil && d.home.Load() == nil {
		d.settle(l)
	}
	if home := d.home.Load(); home != nil && home.Running() {
		return home, nil
	}
	return background.register(d)
}

// watch is the hook of an idle connection. Its fields are under the descriptor's
// lock.
type watch struct {
	fn func()
	on *loop.Loop // calls fn
}

func (w *watch) readable() {
	if fn := w.fn; fn != nil {
		w.fn = nil
		w.on.CallSoon(fn)
	}
}

func (w *watch) hungUp() { w.readable() }
func (w *watch) closed() {}
