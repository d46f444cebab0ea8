//go:build unix && !aix

package main

import (
	"time"

	"github.com/goaio/aio/loop"
)

// store is the data of one shard. Only its loop touches it, so there is no lock.
type store struct {
	loop    *loop.Loop
	entries map[string]*entry
}

func newStore(l *loop.Loop) *store { return &store{loop: l, entries: map[string]*entry{}} }

// entry is a value: a string, or a list.
type entry struct {
	text    []byte
	list    *list
	expires time.Time // zero for never
	expiry  loop.Handle
}

func (s *store) get(key []byte) *entry { return s.entries[string(key)] }

// set makes a key a string that lives for ever. It copies the value, into the
// memory of the old one if that has enough.
func (s *store) set(key, text []byte) *entry {
	e := s.entries[string(key)]
	if e == nil {
		e = &entry{}
		s.entries[string(key)] = e
	}
	e.persist()
	e.list = nil
	e.text = append(e.text[:0], text...)
	return e
}

func (s *store) delete(key []byte) bool {
	e := s.entries[string(key)]
	if e == nil {
		return false
	}
	e.persist()
	delete(s.entries, string(key))
	return true
}

func (s *store) clear() {
	for _, e := range s.entries {
		e.persist()
	}
	clear(s.entries)
}

// expire has the loop delete a key at a time.
func (s *store) expire(key []byte, e *entry, at time.Time) {
	e.persist()
	if !at.After(s.loop.Now()) {
		s.delete(key)
		return
	}
	name := string(key)
	e.expires = at
	e.expiry = s.loop.CallAt(at, func() { delete(s.entries, name) })
}

// persist takes the expiry back and reports whether there was one.
func (e *entry) persist() bool {
	if e.expires.IsZero() {
		return false
	}
	e.expiry.Cancel()
	e.expires, e.expiry = time.Time{}, loop.Handle{}
	return true
}
