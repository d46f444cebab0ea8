package gid_test

import (
	"sync"
	"testing"

	"github.com/goaio/aio/internal/gid"
)

func TestCurrentTellsGoroutinesApart(t *testing.T) {
	const n = 1000
	seen := make(map[uintptr]bool)
	var mutex sync.Mutex
	var started, all sync.WaitGroup
	started.Add(n)
	for range n {
		all.Go(func() {
			started.Done()
			started.Wait() // all of them live at once
			identity := gid.Current()
			grow(64)
			if again := gid.Current(); again != identity {
				t.Errorf("identity changed from %#x to %#x", identity, again)
			}
			mutex.Lock()
			defer mutex.Unlock()
			if identity == 0 || seen[identity] {
				t.Errorf("identity %#x is 0 or not the only one", identity)
			}
			seen[identity] = true
		})
	}
	all.Wait()
}

// grow makes the runtime move the goroutine's stack.
func grow(n int) byte {
	var frame [512]byte
	frame[n] = byte(n)
	if n > 0 {
		frame[0] += grow(n - 1)
	}
	return frame[0]
}

func TestSelf(t *testing.T) {
	if gid.Self() != nil {
		t.Fatal("a plain goroutine has a record")
	}
	r := gid.Record{Owner: t}
	if r.Running() {
		t.Error("running before Register")
	}
	gid.Register(&r)
	if gid.Self() != &r || !r.Running() {
		t.Error("not found after Register")
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if gid.Self() == &r || r.Running() {
			t.Error("another goroutine is taken for this one")
		}
	}()
	<-done
	gid.Unregister(&r)
	if gid.Self() != nil || r.Running() {
		t.Error("found after Unregister")
	}
	gid.Register(&r)
	if gid.Self() != &r {
		t.Error("not found after Register again")
	}
	gid.Unregister(&r)
}

func TestMisuse(t *testing.T) {
	panics := func(name string, fn func()) {
		t.Helper()
		defer func() {
			if recover() == nil {
				t.Errorf("%s: no panic", name)
			}
		}()
		fn()
	}
	var r, other gid.Record
	panics("Unregister before Register", func() { gid.Unregister(&r) })
	gid.Register(&r)
	panics("Register of a registered record", func() { gid.Register(&r) })
	panics("Register on a registered goroutine", func() { gid.Register(&other) })
	if gid.Self() != &r {
		t.Error("the record was replaced")
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		panics("Unregister on another goroutine", func() { gid.Unregister(&r) })
		gid.Register(&other)
		gid.Unregister(&other)
	}()
	<-done
	gid.Unregister(&r)
}

func TestSelfDoesNotAllocate(t *testing.T) {
	var r gid.Record
	gid.Register(&r)
	defer gid.Unregister(&r)
	if n := testing.AllocsPerRun(100, func() { gid.Self() }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// Goroutines find themselves while others register and end around them, so that
// the table grows and shrinks under the readers.
func TestReadersSurviveGrowthAndShrinking(t *testing.T) {
	const waves, n = 4, 2000
	stop := make(chan struct{})
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			var r gid.Record
			gid.Register(&r)
			defer gid.Unregister(&r)
			for {
				select {
				case <-stop:
					return
				default:
				}
				if gid.Self() != &r {
					t.Error("lost the record")
					return
				}
			}
		})
	}
	for range waves {
		var registered, all sync.WaitGroup
		registered.Add(n)
		for range n {
			all.Go(func() {
				if gid.Self() != nil {
					t.Error("a fresh goroutine has a record")
				}
				var r gid.Record
				gid.Register(&r)
				registered.Done()
				registered.Wait()
				if gid.Self() != &r {
					t.Error("lost the record")
				}
				gid.Unregister(&r)
				if gid.Self() != nil {
					t.Error("the record outlived Unregister")
				}
			})
		}
		all.Wait()
	}
	close(stop)
	readers.Wait()
}
