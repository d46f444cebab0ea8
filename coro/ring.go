package coro

// A Ring is coroutines that hand control on among themselves: one that suspends
// says who goes on, and that takes one switch where a Suspend and a Resume take
// two. These are the symmetric coroutines of Moura and Ierusalimschy, Revisiting
// Coroutines (2009), and their word for it is transfer.
//
// Control comes from outside, from the goroutine that home stands for, and goes
// back to it in the end. The zero Ring has no home yet. A ring is used by one
// goroutine at a time, as its coroutines are. A coroutine that is used in one
// must not be resumed or stopped, nor suspend: it transfers, and ends by
// [Coroutine.Leave].
//
// How it works: iter.Pull swaps the goroutine that calls next, or yield, with
// the one that is suspended in it, whichever goroutines those are, as long as
// next and yield take turns. (What is below does not stand for a certain
// coroutine, says runtime/coro.go, only for the ability to transfer control.) So
// each coroutine is a place as well, in which one goroutine of the ring is
// suspended, its own or another one, and who transfers swaps with whom he
// transfers to, in the other's place.
type Ring struct {
	home   *Coroutine
	signal *Coroutine // who leaves or is interrupted, until that is attended to
}

// Home returns what SetHome set.
func (r *Ring) Home() *Coroutine { return r.home }

// SetHome says where control goes when a coroutine leaves. A zero Coroutine
// stands for a plain goroutine, which transfers as it.
func (r *Ring) SetHome(home *Coroutine) { r.home = home }

// Transfer suspends c, as which the calling goroutine runs, and lets to go on,
// which must be suspended. It returns true when somebody transfers to c, and
// false when that was [Coroutine.Interrupt]. Home's Transfer panics with a
// [*PanicError] when a coroutine has left that ended with a panic or a Goexit.
func (c *Coroutine) Transfer(r *Ring, to *Coroutine) (ok bool) {
	return c.swap(r, to) || c.Attend(r)
}

// Interrupt is a Transfer whose receiver's own Transfer returns false. One that
// has not started never does.
func (c *Coroutine) Interrupt(r *Ring, to *Coroutine) (ok bool) {
	if to.yield == nil {
		to.Stop()
		return true
	}
	r.signal = to
	return c.Transfer(r, to)
}

// Leave is the last that the body of a coroutine of the ring calls, deferred, so
// that it does however the body ends: home goes on when it has ended.
func (c *Coroutine) Leave(r *Ring) {
	// The runtime lets who is suspended in c's own place go on, and that may be
	// anybody. So home comes there first.
	c.leaving = true
	r.signal, c.at = c, c
	c.swap(r, c)
}

// swap suspends the caller in the place where to is suspended.
func (c *Coroutine) swap(r *Ring, to *Coroutine) (ok bool) {
	if to.ByYield() {
		return c.TransferByYield(r, to)
	}
	return c.TransferByNext(r, to)
}

// ByYield says which of the two following methods transfers to c. They are
// Transfer in pieces that are small enough to be inlined, see
// [Coroutine.Resume].
func (c *Coroutine) ByYield() bool { return c.at.byYield }

// TransferByYield is Transfer if to is reached by yield, but for the last part:
// when it returns false, [Coroutine.Attend] has the result.
func (c *Coroutine) TransferByYield(r *Ring, to *Coroutine) (ok bool) {
	c.at = to.at
	c.at.byYield = false
	c.at.yield(struct{}{})
	return r.signal == nil
}

// TransferByNext is TransferByYield for who is reached by next.
func (c *Coroutine) TransferByNext(r *Ring, to *Coroutine) (ok bool) {
	c.at = to.at
	c.at.byYield = true
	c.at.next()
	return r.signal == nil
}

// Attend is what c does when control has come to it out of turn. It returns what
// Transfer does, when that is due.
func (c *Coroutine) Attend(r *Ring) (ok bool) {
	for r.signal != nil {
		switch who := r.signal; c {
		case who:
			r.signal = nil
			return false
		case r.home:
			r.signal = nil
			c.swap(r, who)
			who.next() // panics with what who ended with, if the swap has not
		default:
			c.swap(r, r.home)
		}
	}
	return true
}
