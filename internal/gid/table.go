package gid

import (
	"sync"
	"sync/atomic"
)

// The table from identities to records is open-addressed, with linear probing.
// A goroutine only ever looks up itself, and that is what lets readers go
// without locks: nobody but the reader writes its slot, and the slot stays
// where it is in the array that the reader holds, even when a writer is
// publishing another array meanwhile.

const (
	shardBits = 6
	minSlots  = 16

	// deleted marks a slot that probing must pass. It is no goroutine's
	// identity: descriptors are aligned, and goroutine numbers start at 1.
	deleted = ^uintptr(0)
)

// shards keep a rehash short and writers of different loops apart.
var shards [1 << shardBits]shard

type shard struct {
	array atomic.Pointer[array] // nil until the first insert

	mutex sync.Mutex // held by writers
	live  int        // slots that hold a record
	dead  int        // slots that are marked deleted

	_ [32]byte // one shard a cache line
}

type array struct {
	slots []slot // the length is a power of two
}

type slot struct {
	identity atomic.Uintptr // 0 if empty
	record   *Record        // read by the goroutine of that identity, or under the mutex
}

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
		slot := &slots[i&mask]
		switch slot.identity.Load() {
		case identity:
			return slot.record
		case 0:
			return nil
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
		switch a.slots[i&mask].identity.Load() {
		case identity:
			return false
		case deleted:
			if free < 0 {
				free = i & mask
			}
			continue
		case 0:
			if free < 0 {
				free = i & mask
			} else {
				s.dead--
			}
		default:
			continue
		}
		break
	}
	slot := &a.slots[free]
	slot.record = r
	slot.identity.Store(identity)
	s.live++
	return true
}

func (s *shard) remove(identity uintptr) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	a := s.array.Load()
	mask := len(a.slots) - 1
	i := start(hash(identity))
	for a.slots[i&mask].identity.Load() != identity {
		i++
	}
	a.slots[i&mask].record = nil
	a.slots[i&mask].identity.Store(deleted)
	s.live--
	s.dead++
	// A run of deleted slots before an empty one is on nobody's way.
	if a.slots[(i+1)&mask].identity.Load() == 0 {
		for ; a.slots[i&mask].identity.Load() == deleted; i += mask {
			a.slots[i&mask].identity.Store(0)
			s.dead--
		}
	}
	if len(a.slots) > minSlots && s.live*8 < len(a.slots) {
		s.rehash(s.live)
	}
}

// rehash publishes an array for n records, at most a third full, that holds
// what the present one does.
func (s *shard) rehash(n int) *array {
	size := minSlots
	for size < n*3 {
		size *= 2
	}
	to := &array{slots: make([]slot, size)}
	mask := size - 1
	if from := s.array.Load(); from != nil {
		for k := range from.slots {
			identity := from.slots[k].identity.Load()
			if identity == 0 || identity == deleted {
				continue
			}
			i := start(hash(identity))
			for to.slots[i&mask].identity.Load() != 0 {
				i++
			}
			to.slots[i&mask].record = from.slots[k].record
			to.slots[i&mask].identity.Store(identity)
		}
	}
	s.dead = 0
	s.array.Store(to)
	return to
}
