//go:build unix && !aix

package main

import (
	"context"
	"hash/maphash"

	"github.com/goaio/aio/loop"
)

// shards are the parts of the data, one a loop.
type shards struct {
	all  []*shard // complete before the first connection
	seed maphash.Seed
}

// shard is a loop with the keys that it owns.
type shard struct {
	store *store
	args  [][]byte  // where arguments are read to
	dirty []*client // whose replies are to be sent at the end of the round
	spare [][]byte  // memory for replies
	flush func()
}

// Memory for replies is kept for as many clients, if it is not large.
const (
	maxSpare      = 64
	maxSpareBytes = 64 << 10
)

func newShard(l *loop.Loop) *shard {
	h := &shard{store: newStore(l)}
	h.flush = h.flushAll
	return h
}

// reply returns where to append a client's replies, and has them sent at the end
// of the round.
func (h *shard) reply(c *client) []byte {
	if c.replies != nil {
		return c.replies
	}
	if len(h.dirty) == 0 {
		h.store.loop.CallSoon(h.flush)
	}
	h.dirty = append(h.dirty, c)
	if n := len(h.spare); n > 0 {
		b := h.spare[n-1]
		h.spare = h.spare[:n-1]
		return b
	}
	return make([]byte, 0, 512)
}

func (h *shard) flushAll() {
	for i, c := range h.dirty {
		h.dirty[i] = nil
		b := c.replies
		c.replies = nil
		c.flush(b)
		if len(h.spare) < maxSpare && cap(b) <= maxSpareBytes {
			h.spare = append(h.spare, b[:0])
		}
	}
	h.dirty = h.dirty[:0]
}

// add is called on each loop as the server starts.
func (s *shards) add(context.Context) {
	if s.all == nil {
		s.seed = maphash.MakeSeed()
	}
	s.all = append(s.all, newShard(loop.Current()))
}

// here returns the shard of the caller's loop.
func (s *shards) here() *shard {
	l := loop.Current()
	for _, shard := range s.all {
		if shard.store.loop == l {
			return shard
		}
	}
	panic("no shard on this loop")
}

func (s *shards) of(key []byte) int {
	return int(maphash.Bytes(s.seed, key) % uint64(len(s.all)))
}
