package aio

// ring is a queue, first in, first out. It doubles, and halves when it is
// nearly empty.
type ring[T any] struct {
	items       []T // length is a power of two
	head, count int
}

const smallestRing = 16

func (r *ring[T]) push(item T) {
	if r.count == len(r.items) {
		r.resize(max(smallestRing, 2*r.count))
	}
	r.items[(r.head+r.count)&(len(r.items)-1)] = item
	r.count++
}

func (r *ring[T]) pop() T {
	var zero T
	slot := &r.items[r.head]
	item := *slot
	*slot = zero
	r.head = (r.head + 1) & (len(r.items) - 1)
	r.count--
	if len(r.items) > 4*smallestRing && r.count < len(r.items)/8 {
		r.resize(len(r.items) / 2)
	}
	return item
}

func (r *ring[T]) resize(size int) {
	items := make([]T, size)
	for i := range r.count {
		items[i] = r.items[(r.head+i)&(len(r.items)-1)]
	}
	r.items, r.head = items, 0
}

// order is another order than first in, first out.
type order[T any] interface {
	push(T)
	pop() T
	len() int
	clear()
}

// pushOrdered and popOrdered unlock the queue if the order, which may be the
// user's function, panics.
func (q *Queue[T]) pushOrdered(item T) {
	done := false
	defer q.unlockUnless(&done)
	q.order.push(item)
	done = true
}

func (q *Queue[T]) popOrdered() T {
	done := false
	defer q.unlockUnless(&done)
	item := q.order.pop()
	done = true
	return item
}

func (q *Queue[T]) unlockUnless(done *bool) {
	if !*done {
		q.mu.Unlock()
	}
}

// clear drops all items and returns how many there were.
func (q *Queue[T]) clear() (dropped int) {
	dropped = q.len()
	if q.order != nil {
		q.order.clear()
	} else {
		q.ring = ring[T]{}
	}
	return dropped
}

// stack hands out the newest item first.
type stack[T any] struct{ items []T }

func (s *stack[T]) len() int    { return len(s.items) }
func (s *stack[T]) push(item T) { s.items = append(s.items, item) }
func (s *stack[T]) clear()      { s.items = nil }

func (s *stack[T]) pop() T {
	last := len(s.items) - 1
	item := s.items[last]
	s.items = shorten(s.items)
	return item
}

// shorten takes the last item off, and gives memory back when little of it is
// used.
func shorten[T any](items []T) []T {
	last := len(items) - 1
	var zero T
	items[last] = zero
	if cap(items) > 4*smallestRing && last < cap(items)/8 {
		return append(make([]T, 0, cap(items)/2), items[:last]...)
	}
	return items[:last]
}

// heap hands out the smallest item first, of equal ones the oldest. It is a
// binary heap of its own because container/heap allocates for each item. It
// makes all its comparisons before it moves anything, so that it is whole after
// a panic of less.
type heap[T any] struct {
	less  func(a, b T) bool
	items []ranked[T]
	count uint64
}

type ranked[T any] struct {
	item T
	came uint64
}

func (h *heap[T]) len() int { return len(h.items) }
func (h *heap[T]) clear()   { h.items = nil }

func (h *heap[T]) before(a, b *ranked[T]) bool {
	if h.less(a.item, b.item) {
		return true
	}
	return a.came < b.came && !h.less(b.item, a.item)
}

func (h *heap[T]) push(item T) {
	added := ranked[T]{item, h.count}
	at := len(h.items)
	for at > 0 && h.before(&added, &h.items[(at-1)/2]) {
		at = (at - 1) / 2
	}
	h.count++
	h.items = append(h.items, added)
	for i := len(h.items) - 1; i > at; i = (i - 1) / 2 {
		h.items[i] = h.items[(i-1)/2]
	}
	h.items[at] = added
}

func (h *heap[T]) pop() T {
	last := len(h.items) - 1
	moved := h.items[last]
	at := 0
	for {
		child := 2*at + 1
		if child+1 < last && h.before(&h.items[child+1], &h.items[child]) {
			child++
		}
		if child >= last || !h.before(&h.items[child], &moved) {
			break
		}
		at = child
	}
	h.items = shorten(h.items)
	if last == 0 {
		return moved.item
	}
	for ; at > 0; at = (at - 1) / 2 {
		moved, h.items[at] = h.items[at], moved
	}
	item := h.items[0].item
	h.items[0] = moved
	return item
}
