package gid

import (
	"sync"
	"sync/atomic"
)

// The table from identities to records is open-addressed, with linear probing.
// A goroutine only ever looks up itself, and that is what lets readers go
// without locks: nobody but the reader's own goroutine puts its record in or
// takes it out, and the record stays where it is in the array that the reader
// holds, even when a writer is publishing another array meanwhile.

const (
	shardBits = 6
	minSlots  = 16
)

// deleted marks a slot that probing must pass. It is never registered.
var deleted = &Record{}

// shards keep a rehash short and writers of different loops apart.
var shards [1 << shardBits]shard

type shard struct {
	array atomic.Pointer[array] // nil until the first insert

	mutex sync.Mutex // held by writers
	live  int        // slots that hold a record
	dead  int        // slots that are marked deleted

	_ [32]byte // one shard a cache line
}

// array is the slots; their number is a power of two. A slot holds nothing but
// the pointer, and the identity is in the record: a million coroutines then
// need 16 MB less.
type array struct{ slots []atomic.Pointer[Record] }

// hash spreads identities, which are multiples of a descriptor's size: the top
// bits choose the shard, those in the middle the slot.
func hash(identity uintptr) uint64 {
	return uint64(identity) * 0x9E3779B97F4A7C15
}

func shardOf(h uint64) *shard { return &shards[h>>(64-shardBits)] }

// start is the index at which probing starts, before it is masked.
func start(h uint64) int { return int(h >> 33) }

func (s *shard) lookup(h uint64, identity uintptr) *Record {
	a := s.array.Load()
	if a == nil {
		return nil
	}
	slots := a.slots
	mask := len(slots) - 1
	for i := start(h); ; i++ {
		r := slots[i&mask].Load()
		if r == nil || r.identity.Load() == identity {
			return r
		}
	}
}

// insert reports false if the identity is there already.
func (s *shard) insert(identity uintptr, r *Record) bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	a := s.array.Load()
	if a == nil || (s.live+s.dead+1)*3 > len(a.slots)*2 {
		a = s.rehash(s.live + 1)
	}
	free := -1
	mask := len(a.slots) - 1
	for i := start(hash(identity)); ; i++ {
		switch at := a.slots[i&mask].Load(); {
		case at == nil:
			if free < 0 {
				free = i & mask
			} else {
				s.dead--
			}
		case at == deleted:
			if free < 0 {
				free = i & mask
			}
			continue
		case at.identity.Load() == identity:
			return false
		default:
			continue
		}
		break
	}
	a.slots[free].Store(r)
	s.live++
	return true
}

func (s *shard) remove(identity uintptr, r *Record) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	a := s.array.Load()
	mask := len(a.slots) - 1
	i := start(hash(identity))
	for a.slots[i&mask].Load() != r {
		i++
	}
	a.slots[i&mask].Store(deleted)
	s.live--
	s.dead++
	// A run of deleted slots before an empty one is on nobody's way.
	if a.slots[(i+1)&mask].Load() == nil {
		for ; a.slots[i&mask].Load() == deleted; i += mask {
			a.slots[i&mask].Store(nil)
			s.dead--
		}
	}
	if len(a.slots) > minSlots && s.live*8 < len(a.slots) {
		s.rehash(s.live)
	}
}

// rehash publishes an array for n records, at most half full, that holds what
// the present one does.
func (s *shard) rehash(n int) *array {
	size := minSlots
	for size < n*2 {
		size *= 2
	}
	to := &array{slots: make([]atomic.Pointer[Record], size)}
	mask := size - 1
	if from := s.array.Load(); from != nil {
		for k := range from.slots {
			r := from.slots[k].Load()
			if r == nil || r == deleted {
				continue
			}
			i := start(hash(r.identity.Load()))
			for to.slots[i&mask].Load() != nil {
				i++
			}
			to.slots[i&mask].Store(r)
		}
	}
	s.dead = 0
	s.array.Store(to)
	return to
}
