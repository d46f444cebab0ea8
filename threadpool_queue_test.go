package aio

import "testing"

func TestPoolQueueIsFirstInFirstOut(t *testing.T) {
	var q poolQueue
	jobs := make([]poolTestJob, 3000)
	in, out := 0, 0
	// Growing by three and shrinking by two at a time moves the head through the ring while it grows.
	for out < len(jobs) {
		for range 3 {
			if in < len(jobs) {
				q.push(&jobs[in])
				in++
			}
		}
		for range 2 {
			if q.n > 0 {
				if q.pop() != Job(&jobs[out]) {
					t.Fatalf("job %d came out of order", out)
				}
				out++
			}
		}
		if q.n != in-out {
			t.Fatalf("n = %d, want %d", q.n, in-out)
		}
	}
}

func TestPoolQueueGivesMemoryBack(t *testing.T) {
	var q poolQueue
	job := new(poolTestJob)
	fill := func(n int) {
		for range n {
			q.push(job)
		}
		for range n {
			q.pop()
		}
	}
	fill(poolQueueKeep + 1)
	if len(q.ring) != 0 {
		t.Errorf("an empty queue keeps %d slots", len(q.ring))
	}
	fill(poolQueueKeep)
	if len(q.ring) != poolQueueKeep {
		t.Errorf("an empty queue keeps %d slots, want %d", len(q.ring), poolQueueKeep)
	}
	for i, slot := range q.ring {
		if slot != nil {
			t.Fatalf("slot %d keeps its job alive", i)
		}
	}
}
