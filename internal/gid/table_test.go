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
		slot := &a.slots[i]
		switch slot.identity.Load() {
		case 0, deleted:
			if slot.record != nil {
				t.Fatal("a free slot keeps a record alive")
			}
			if slot.identity.Load() == deleted {
				dead++
			}
		default:
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
			r := new(Record)
			if s.insert(identity, r) != (want[identity] == nil) {
				t.Fatalf("step %d: insert of %#x", step, identity)
			}
			if want[identity] == nil {
				want[identity] = r
				identities = append(identities, identity)
			}
		} else {
			i := random.IntN(len(identities))
			s.remove(identities[i])
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
	for i := uintptr(1); i <= n; i++ {
		s.insert(i*448, new(Record))
	}
	if slots := len(s.array.Load().slots); slots < n || slots > 4*n {
		t.Errorf("%d slots for %d records", slots, n)
	}
	for i := uintptr(1); i <= n; i++ {
		s.remove(i * 448)
	}
	if slots := len(s.array.Load().slots); slots != minSlots {
		t.Errorf("%d slots for no record", slots)
	}
}

// Registering and ending in turn must not fill the shard with deleted slots.
func TestShardUnderChurn(t *testing.T) {
	var s shard
	for i := uintptr(1); i <= 10_000; i++ {
		s.insert(i*448, new(Record))
		if i > 8 {
			s.remove((i - 8) * 448)
		}
	}
	if slots := len(s.array.Load().slots); slots > 4*minSlots {
		t.Errorf("%d slots for 8 records", slots)
	}
}
