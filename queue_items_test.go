package aio

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func TestQueueOrders(t *testing.T) {
	type item struct{ priority, came int }
	less := func(a, b item) bool { return a.priority < b.priority }
	random := rand.New(rand.NewPCG(1, 2))
	for name, queue := range map[string]struct {
		*Queue[item]
		next func(model []item) int
	}{
		"first in, first out": {NewQueue[item](0), func([]item) int { return 0 }},
		"last in, first out":  {NewLIFOQueue[item](0), func(model []item) int { return len(model) - 1 }},
		"priority": {NewPriorityQueue(0, less), func(model []item) int {
			return slices.Index(model, slices.MinFunc(model, func(a, b item) int { return a.priority - b.priority }))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			var model []item
			// Phases of growth and decline, so that memory is given back and
			// wraps round in between.
			for step := range 6000 {
				if growing := step/1000%2 == 0; len(model) == 0 || random.IntN(4) < 3 == growing {
					i := item{random.IntN(10), step}
					model = append(model, i)
					if err := queue.PutNoWait(i); err != nil {
						t.Fatal(err)
					}
					continue
				}
				at := queue.next(model)
				want := model[at]
				model = slices.Delete(model, at, at+1)
				if got, err := queue.GetNoWait(); got != want || err != nil {
					t.Fatalf("step %d: got %v, %v, want %v", step, got, err, want)
				}
				if queue.Len() != len(model) {
					t.Fatalf("%d items, want %d", queue.Len(), len(model))
				}
			}
		})
	}
}

func TestQueueGivesMemoryBack(t *testing.T) {
	fifo, lifo := NewQueue[int](0), NewLIFOQueue[int](0)
	priority := NewPriorityQueue(0, func(a, b int) bool { return a < b })
	queues := []*Queue[int]{fifo, lifo, priority}
	for _, q := range queues {
		for i := range 100_000 {
			_ = q.PutNoWait(i)
		}
		for q.Len() > 10 {
			_, _ = q.GetNoWait()
		}
	}
	for i, held := range []int{
		len(fifo.ring.items), cap(lifo.order.(*stack[int]).items), cap(priority.order.(*heap[int]).items),
	} {
		if held > 8*smallestRing {
			t.Errorf("queue %d holds the memory of %d items for 10", i, held)
		}
	}
}

func TestQueueKeepsNothingThatWasTakenOut(t *testing.T) {
	for _, q := range []*Queue[*int]{
		NewQueue[*int](0), NewLIFOQueue[*int](0), NewPriorityQueue(0, func(a, b *int) bool { return *a < *b }),
	} {
		for i := range 10 {
			_ = q.PutNoWait(&i)
		}
		for q.Len() > 0 {
			_, _ = q.GetNoWait()
		}
		var held []*int
		switch order := q.order.(type) {
		case nil:
			held = q.ring.items
		case *stack[*int]:
			held = order.items[:cap(order.items)]
		case *heap[*int]:
			for _, r := range order.items[:cap(order.items)] {
				held = append(held, r.item)
			}
		}
		for _, p := range held {
			if p != nil {
				t.Errorf("%T holds an item", q.order)
				break
			}
		}
	}
}

func TestPriorityQueueWithoutAnOrderPanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	NewPriorityQueue[int](0, nil)
}

func TestPriorityQueueIsWholeAfterAPanicOfItsOrder(t *testing.T) {
	var broken bool
	q := NewPriorityQueue(0, func(a, b int) bool {
		if broken {
			panic("broken")
		}
		return a < b
	})
	for _, i := range []int{5, 1, 4, 2, 3} {
		_ = q.PutNoWait(i)
	}
	panics := func(fn func()) {
		defer func() {
			if recover() == nil {
				t.Error("no panic")
			}
		}()
		fn()
	}
	broken = true
	panics(func() { _ = q.PutNoWait(0) })
	panics(func() { _, _ = q.GetNoWait() })
	broken = false
	for want := 1; want <= 5; want++ {
		if got, err := q.GetNoWait(); got != want || err != nil || q.TaskDone() != nil {
			t.Errorf("got %d, %v, want %d", got, err, want)
		}
	}
	if q.Len() != 0 || q.TaskDone() != ErrTaskDoneTooOften {
		t.Errorf("%d items are left", q.Len())
	}
}
