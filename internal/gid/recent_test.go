package gid

import (
	"sync"
	"testing"
)

// More goroutines than there are places find themselves all the same, and none
// of their records is held when they are gone.
func TestGoroutinesThatShareARecentPlace(t *testing.T) {
	const n = 3 << recentBits
	var registered, all sync.WaitGroup
	registered.Add(n)
	for range n {
		all.Go(func() {
			var r Record
			Register(&r)
			registered.Done()
			registered.Wait()
			if Self() != &r {
				t.Error("a goroutine does not find its record")
			}
			Unregister(&r)
			if Self() != nil {
				t.Error("the record outlived Unregister")
			}
		})
	}
	all.Wait()
	for i := range recent {
		if recent[i].Load() != nil {
			t.Fatal("a record of a goroutine that is gone is held")
		}
	}
}
