//go:build unix && !aix

package aionet

import (
	"net"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"github.com/goaio/aio/loop"
)

// descriptor is an open file that tasks and goroutines wait for. It is what
// connections, listeners and datagram sockets have in common: whose turn it is
// in each direction, who waits, until when, and closing it under them.
type descriptor struct {
	fd     int
	state  atomic.Uint32 // bits
	behind bool          // registered with the background loop too; under mu
	mu     sync.Mutex
	in     direction
	out    direction
	home   atomic.Pointer[loop.Loop] // whose tasks wait without a detour; nil before there is one
	rare   atomic.Pointer[rare]      // what it points to is under mu
	hook   hook                      // what hears of events that nobody waits for
}

// The bits of a descriptor's state.
const (
	reading      uint32   = 1 << iota // somebody reads
	writing                           // somebody writes
	readersQueue                      // others wait for their turn to read
	writersQueue                      // others wait for their turn to write
	closing                           // Close was called
	released                          // the file is closed, or will be by nobody here
	heard                             // the peer has sent something, or its end
	touched                           // something has happened since a timeout looked
	queueOf      = 2                  // shift from a turn to its queue's bit
	user         = 1 << 8             // the bits from here on count other users
	special      = readersQueue | writersQueue | closing
	anybody      = reading | writing | ^(user-1)&0xffffffff
)

// direction is one half of a descriptor: reading or writing.
type direction struct {
	waiter *loop.Waiter // of who has the turn and waits; under the descriptor's lock
	// news is set when the system has said that something may be there, and
	// cleared before the system is asked. While it is clear, asking is in vain.
	news atomic.Bool
	// over is set when the peer has hung up: there will be no more news.
	over atomic.Bool
}

// rare is what few descriptors need. It is apart because an idle connection is
// to be small.
type rare struct {
	queues    [2]loop.WaitList // who waits for a turn
	deadlines [2]deadline
	local     net.Addr         // once asked for
	named     [2]*loop.Awaited // in debug mode
	givenBack []byte           // was read and given back; of who has the turn to read
	blocking  bool             // the file was blocking, and is to be so again
}

// hook hears what nobody waits for. But for closed it is called by the home loop
// with the descriptor's lock held, and only queues.
type hook interface {
	readable()
	hungUp()
	closed() // the descriptor was closed; called on the loop, without the lock
}

// more is called with the lock held.
func (d *descriptor) more() *rare {
	r := d.rare.Load()
	if r == nil {
		r = &rare{}
		d.rare.Store(r)
	}
	return r
}

// half returns the direction of a turn, and its index.
func (d *descriptor) half(turn uint32) (*direction, int) {
	if turn == reading {
		return &d.in, 0
	}
	return &d.out, 1
}

// Ready hears from the home loop. It is [loop.Source]'s: nobody else calls it.
func (d *descriptor) Ready(is loop.Readiness) {
	d.mu.Lock()
	d.notice(is)
	if d.hook != nil {
		if is&loop.HungUp != 0 {
			d.hook.hungUp()
		}
		if is&loop.Readable != 0 && d.in.waiter == nil {
			d.hook.readable()
		}
	}
	d.mu.Unlock()
}

// notice is called with the lock held.
func (d *descriptor) notice(is loop.Readiness) {
	if is&loop.HungUp != 0 {
		d.in.over.Store(true)
	}
	if is&loop.Readable != 0 {
		d.in.news.Store(true)
		if d.state.Load()&heard == 0 {
			d.state.Or(heard)
		}
		if d.in.waiter != nil {
			d.in.waiter.Wake()
		}
	}
	if is&loop.Writable != 0 {
		// With epoll every event says so: what is set already is only looked at.
		if !d.out.news.Load() {
			d.out.news.Store(true)
		}
		if d.state.Load()&touched == 0 {
			d.state.Or(touched) // a long write makes headway
		}
		if d.out.waiter != nil {
			d.out.waiter.Wake()
		}
	}
}

// close closes the file, or leaves that to whoever is just using it, and wakes
// those who wait. It reports false if it was closed before. Safe from any
// goroutine.
func (d *descriptor) close() bool {
	d.mu.Lock()
	if d.state.Or(closing)&closing != 0 {
		d.mu.Unlock()
		return false
	}
	for _, half := range [...]*direction{&d.in, &d.out} {
		if half.waiter != nil {
			half.waiter.Wake()
		}
	}
	last := d.state.Load()&anybody == 0
	home, hook := d.home.Load(), d.hook
	d.mu.Unlock()
	if last {
		d.release()
	}
	if home != nil && hook != nil {
		home.CallSoon(hook.closed)
	}
	return true
}

// release closes the file once nobody uses it.
func (d *descriptor) release() {
	d.mu.Lock()
	if d.state.Or(released)&released != 0 {
		d.mu.Unlock()
		return
	}
	home, behind := d.home.Load(), d.behind
	if r := d.rare.Load(); r != nil && r.blocking {
		_ = unix.SetNonblock(d.fd, false)
	}
	d.mu.Unlock()
	if home != nil && home == loop.Current() {
		home.Unregister(d.fd, d)
		home = nil
	}
	unix.Close(d.fd)
	if home != nil {
		// The loop may be busy for long, but not so the peer, who waits for the
		// end: the registration goes later.
		home.CallSoon(func() { home.Unregister(d.fd, d) })
	}
	if behind {
		background.unregister(d)
	}
}

// use calls fn with the number of the file, which stays open meanwhile.
func (d *descriptor) use(fn func(fd int) error) error {
	for s := d.state.Load(); ; s = d.state.Load() {
		if s&closing != 0 {
			return net.ErrClosed
		}
		if d.state.CompareAndSwap(s, s+user) {
			break
		}
	}
	defer func() {
		if left := d.state.Add(^uint32(user - 1)); left&closing != 0 && left&anybody == 0 {
			d.release()
		}
	}()
	return fn(d.fd)
}

// Closed reports whether the file is closed, and its number perhaps another's. It
// is [loop.Source]'s; a call of a connection that was closed says so itself.
func (d *descriptor) Closed() bool { return d.state.Load()&released != 0 }
