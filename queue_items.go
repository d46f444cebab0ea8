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
// binary heap of its own because container/heap allocates for each item.
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
	h.count++
	h.items = append(h.items, ranked[T]{item, h.count})
	for i := len(h.items) - 1; i > 0; {
		parent := (i - 1) / 2
		if !h.before(&h.items[i], &h.items[parent]) {
			return
		}
		h.items[i], h.items[parent] = h.items[parent], h.items[i]
		i = parent
	}
}

func (h *heap[T]) pop() T {
	last := len(h.items) - 1
	item := h.items[0].item
	h.items[0] = h.items[last]
	h.items = shorten(h.items)
	for i := 0; ; {
		least, left, right := i, 2*i+1, 2*i+2
		if left < last && h.before(&h.items[left], &h.items[least]) {
			least = left
		}
		if right < last && h.before(&h.items[right], &h.items[least]) {
			least = right
		}
		if least == i {
			return item
		}
		h.items[i], h.items[least] = h.items[least], h.items[i]
		i = least
	}
}
