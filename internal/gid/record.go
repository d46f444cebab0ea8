// Package gid tells which coroutine the running goroutine is.
//
// A goroutine that runs coroutine code registers a [Record] of itself, and any
// function it calls, however deep and with whatever context, finds that record
// with [Self]. A plain goroutine has none.
package gid

import "sync/atomic"

// A Record says who runs on one goroutine. It must not be copied once it is
// registered.
type Record struct {
	// Owner is whoever runs on this goroutine, a *Generator for a generator. It
	// is set before Register and constant from then on.
	Owner any

	// identity is 0 while the record is not registered.
	identity atomic.Uintptr
}

// Generator is the owner of a generator's record.
type Generator struct {
	// Resumer is the record of the goroutine that is resuming the generator, and
	// nil if that is a plain goroutine. The resumer writes it before it switches;
	// only the generator's own goroutine may read it.
	Resumer *Record

	// Outside runs fn on the resumer's goroutine and then returns; a panic in fn
	// comes out of it. It is called on the generator's own goroutine.
	Outside func(fn func())
}

// Generator returns what r belongs to if that is a generator, and nil for
// everybody else.
func (r *Record) Generator() *Generator {
	g, _ := r.Owner.(*Generator)
	return g
}

// Register makes r the record of the calling goroutine, which must end with
// [Unregister]: the runtime gives a goroutine's identity to another one after
// its end. It panics if the goroutine has a record or r has a goroutine.
func Register(r *Record) {
	identity := Current()
	if !r.identity.CompareAndSwap(0, identity) {
		panic("gid: the record is registered already")
	}
	if !shardOf(hash(identity)).insert(identity, r) {
		r.identity.Store(0)
		panic("gid: the goroutine has a record already")
	}
	recentOf(hash(identity)).Store(r)
}

// Unregister takes r back. It panics if r is not the record of the calling
// goroutine.
func Unregister(r *Record) {
	identity := Current()
	if r.identity.Load() != identity {
		panic("gid: the record is not the calling goroutine's")
	}
	shardOf(hash(identity)).remove(identity, r)
	recentOf(hash(identity)).CompareAndSwap(r, nil)
	r.identity.Store(0)
}

// Self returns the record of the calling goroutine, or nil if it has none. It
// takes no lock and allocates nothing.
func Self() *Record {
	identity := Current()
	h := hash(identity)
	if r := recentOf(h).Load(); r != nil && r.identity.Load() == identity {
		return r
	}
	return shardOf(h).lookup(h, identity)
}

// Running reports whether the calling goroutine is r's. It is false before
// Register and after Unregister, and safe from any goroutine.
func (r *Record) Running() bool {
	return r.identity.Load() == Current()
}
