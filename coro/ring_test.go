package coro_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"github.com/goaio/aio/coro"
)

// circle is a ring with the goroutine that home stands for.
type circle struct {
	ring coro.Ring
	home coro.Coroutine
}

func newCircle() *circle {
	c := &circle{}
	c.ring.SetHome(&c.home)
	return c
}

func (c *circle) New(body func(*coro.Coroutine)) *coro.Coroutine {
	return coro.New(func(self *coro.Coroutine) {
		defer self.Leave(&c.ring)
		body(self)
	})
}

func TestTransferFollowsItsReceiver(t *testing.T) {
	c := newCircle()
	var order []string
	var members [3]*coro.Coroutine
	for i := range members {
		members[i] = c.New(func(self *coro.Coroutine) {
			for round := range 2 {
				order = append(order, fmt.Sprintf("%d %d", i, round))
				to := members[(i+1)%3]
				if i == 2 && round == 1 {
					to = &c.home
				}
				if !self.Transfer(&c.ring, to) {
					t.Error("interrupted")
				}
			}
			order = append(order, fmt.Sprintf("%d end", i))
		})
	}
	if !c.home.Transfer(&c.ring, members[0]) {
		t.Error("home was interrupted")
	}
	for _, i := range []int{1, 0, 2} {
		c.home.Transfer(&c.ring, members[i])
		if !members[i].Ended() {
			t.Errorf("%d has not ended", i)
		}
	}
	want := []string{"0 0", "1 0", "2 0", "0 1", "1 1", "2 1", "1 end", "0 end", "2 end"}
	if !slices.Equal(order, want) {
		t.Errorf("order %q", order)
	}
}

func TestInterruptIsAnsweredByTheReceiver(t *testing.T) {
	c := newCircle()
	var got []bool
	other := c.New(func(self *coro.Coroutine) {
		for range 3 {
			got = append(got, self.Transfer(&c.ring, &c.home))
		}
	})
	first := c.New(func(self *coro.Coroutine) { self.Transfer(&c.ring, other) })
	c.home.Transfer(&c.ring, first) // both are suspended in each other's places
	c.home.Interrupt(&c.ring, other)
	c.home.Transfer(&c.ring, other)
	c.home.Interrupt(&c.ring, other)
	if !slices.Equal(got, []bool{false, true, false}) || !other.Ended() || first.Ended() {
		t.Errorf("Transfer returned %v", got)
	}
	c.home.Interrupt(&c.ring, first)
	if !first.Ended() {
		t.Error("first has not ended")
	}
	unstarted := c.New(func(*coro.Coroutine) { t.Error("the body ran") })
	for range 2 {
		if !c.home.Interrupt(&c.ring, unstarted) || !unstarted.Ended() {
			t.Error("the one that had not started has not ended")
		}
	}
}

// Whoever ends, and however, control comes home, wherever everybody is suspended
// at that time.
func TestEndsComeHomeFromAnyPlace(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	before := runtime.NumGoroutine()
	for range 300 {
		c := newCircle()
		members := make([]*coro.Coroutine, 1+random.IntN(6))
		alive := len(members)
		hops := 0
		pick := func() *coro.Coroutine { // somebody who is suspended
			for {
				if m := members[random.IntN(len(members))]; m != nil {
					return m
				}
			}
		}
		for i := range members {
			members[i] = c.New(func(self *coro.Coroutine) {
				members[i] = nil
				for random.IntN(4) > 0 && hops < 100 {
					hops++
					to := &c.home
					if alive > 1 && random.IntN(5) > 0 {
						if others := slices.DeleteFunc(slices.Clone(members), func(m *coro.Coroutine) bool { return m == nil }); len(others) > 0 {
							to = others[random.IntN(len(others))]
							members[slices.Index(members, to)] = nil
						}
					}
					members[i] = self
					ok := self.Transfer(&c.ring, to)
					members[i] = nil
					if !ok {
						break
					}
				}
				alive--
				switch random.IntN(3) {
				case 0:
					originOfPanic(i)
				case 1:
					originOfGoexit()
				}
			})
		}
		for alive > 0 {
			left := alive
			to := pick()
			members[slices.Index(members, to)] = nil
			value := recovered(func() {
				if random.IntN(2) == 0 {
					c.home.Transfer(&c.ring, to)
				} else {
					hops = 100 // whoever goes on ends
					c.home.Transfer(&c.ring, to)
				}
			})
			if _, isPanic := value.(*coro.PanicError); value != nil && (!isPanic || alive == left) {
				t.Fatalf("home panicked with %v, %d of %d alive", value, alive, left)
			}
		}
	}
	for range 1000 {
		if runtime.NumGoroutine() <= before {
			return
		}
		runtime.Gosched()
	}
	t.Errorf("%d goroutines before, %d after", before, runtime.NumGoroutine())
}

func TestPanicComesHome(t *testing.T) {
	// By an even and by an odd number of swaps in its own place: home waits for
	// the end in next and in yield.
	for hops := range 4 {
		c := newCircle()
		m := c.New(func(self *coro.Coroutine) {
			for range hops {
				self.Transfer(&c.ring, &c.home)
			}
			originOfPanic("end")
		})
		for range hops {
			c.home.Transfer(&c.ring, m)
		}
		p := recoveredPanicError(t, func() { c.home.Transfer(&c.ring, m) })
		if p.Value() != "end" || !m.Ended() {
			t.Errorf("after %d transfers: got %v", hops, p.Value())
		}
	}
	c := newCircle()
	last := c.New(func(*coro.Coroutine) { originOfGoexit() })
	first := c.New(func(self *coro.Coroutine) { self.Transfer(&c.ring, last) })
	if p := recoveredPanicError(t, func() { c.home.Transfer(&c.ring, first) }); !p.Goexit() {
		t.Error("not marked as Goexit")
	}
	c.home.Transfer(&c.ring, first)
	if !first.Ended() {
		t.Error("first has not ended")
	}
}

func TestHomeMayBeAnotherGoroutineEachTime(t *testing.T) {
	c := newCircle()
	n := 0
	m := c.New(func(self *coro.Coroutine) {
		for self.Transfer(&c.ring, &c.home) {
			n++
		}
	})
	for range 10 {
		done := make(chan struct{})
		go func() {
			defer close(done)
			c.home.Transfer(&c.ring, m)
		}()
		<-done
	}
	c.home.Interrupt(&c.ring, m)
	if n != 9 || !m.Ended() {
		t.Errorf("resumed %d times, want 9", n)
	}
}

func TestTransferDoesNotAllocate(t *testing.T) {
	c := newCircle()
	var second *coro.Coroutine
	first := c.New(func(self *coro.Coroutine) {
		for self.Transfer(&c.ring, second) {
		}
	})
	second = c.New(func(self *coro.Coroutine) {
		for self.Transfer(&c.ring, &c.home) {
		}
	})
	c.home.Transfer(&c.ring, first)
	if n := testing.AllocsPerRun(100, func() { c.home.Transfer(&c.ring, first) }); n != 0 {
		t.Errorf("three transfers allocate %v times", n)
	}
	c.home.Interrupt(&c.ring, first)
	c.home.Interrupt(&c.ring, second)
}
