package gid

import (
	"math/rand/v2"
	"testing"
)

// check compares the shard with a map and counts its slots.
func (s *shard) check(t *testing.T, want map[uintptr]*Record) {
	t.Helper()
	for identity, r := range want {
		if got := s.lookup(hash(identity), identity); got != r {
			t.Fatalf("identity %#x: got %p, want %p", identity, got, r)
		}
	}
	if s.live != len(want) {
		t.Fatalf("%d live, want %d", s.live, len(want))
	}
	a := s.array.Load()
	if a == nil {
		return
	}
	live, dead := 0, 0
	for i := range a.slots {
		switch r := a.slots[i].Load(); r {
		case nil:
		case deleted:
			dead++
		default:
			if want[r.identity.Load()] != r {
				t.Fatalf("a slot holds a record of %#x that was removed", r.identity.Load())
			}
			live++
		}
	}
	if live != s.live || dead != s.dead {
		t.Fatalf("%d live and %d dead, counted as %d and %d", live, dead, s.live, s.dead)
	}
	if (live+dead)*3 > len(a.slots)*2 {
		t.Fatalf("%d live and %d dead in %d slots", live, dead, len(a.slots))
	}
}

func registered(identity uintptr) *Record {
	r := &Record{}
	r.identity.Store(identity)
	return r
}

func TestShardAgreesWithMap(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var s shard
	want := make(map[uintptr]*Record)
	var identities []uintptr
	for step := range 20_000 {
		// The population swells and shrinks.
		grow := step/2500%2 == 0
		if len(identities) == 0 || random.IntN(10) < 3 != grow {
			identity := uintptr(random.IntN(4000)+1) * 448
			r := registered(identity)
			if s.insert(identity, r) != (want[identity] == nil) {
				t.Fatalf("step %d: insert of %#x", step, identity)
			}
			if want[identity] == nil {
				want[identity] = r
				identities = append(identities, identity)
			}
		} else {
			i := random.IntN(len(identities))
			s.remove(identities[i], want[identities[i]])
			delete(want, identities[i])
			identities[i] = identities[len(identities)-1]
			identities = identities[:len(identities)-1]
		}
		if step%100 == 0 {
			s.check(t, want)
		}
	}
	s.check(t, want)
}

func TestShardShrinks(t *testing.T) {
	var s shard
	const n = 10_000
	var records [n + 1]*Record
	for i := uintptr(1); i <= n; i++ {
		records[i] = registered(i * 448)
		s.insert(i*448, records[i])
	}
	if slots := len(s.array.Load().slots); slots < n || slots > 4*n {
		t.Errorf("%d slots for %d records", slots, n)
	}
	for i := uintptr(1); i <= n; i++ {
		s.remove(i*448, records[i])
	}
	if slots := len(s.array.Load().slots); slots != minSlots {
		t.Errorf("%d slots for no record", slots)
	}
}

// Registering and ending in turn must not fill the shard with deleted slots.
func TestShardUnderChurn(t *testing.T) {
	var s shard
	var records [8]*Record
	for i := uintptr(1); i <= 10_000; i++ {
		if i > 8 {
			s.remove((i-8)*448, records[i%8])
		}
		records[i%8] = registered(i * 448)
		s.insert(i*448, records[i%8])
	}
	if slots := len(s.array.Load().slots); slots > 4*minSlots {
		t.Errorf("%d slots for 8 records", slots)
	}
}
