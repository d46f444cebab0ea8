package aio

import "container/heap"

// items is the order in which what is in a queue comes out.
type items[T any] interface {
	push(T)
	pop() T
	len() int
}

// fifo is a ring that doubles, and halves when it is nearly empty.
type fifo[T any] struct {
	ring        []T
	head, count int
}

const smallestRing = 16

func (f *fifo[T]) len() int { return f.count }

func (f *fifo[T]) push(item T) {
	if f.count == len(f.ring) {
		f.resize(max(smallestRing, 2*f.count))
	}
	f.ring[(f.head+f.count)&(len(f.ring)-1)] = item
	f.count++
}

func (f *fifo[T]) pop() T {
	var zero T
	item := f.ring[f.head]
	f.ring[f.head] = zero
	f.head = (f.head + 1) & (len(f.ring) - 1)
	f.count--
	if len(f.ring) > 4*smallestRing && f.count < len(f.ring)/8 {
		f.resize(len(f.ring) / 2)
	}
	return item
}

func (f *fifo[T]) resize(size int) {
	ring := make([]T, size)
	for i := range f.count {
		ring[i] = f.ring[(f.head+i)&(len(f.ring)-1)]
	}
	f.ring, f.head = ring, 0
}

// lifo is a stack.
type lifo[T any] struct{ stack []T }

func (l *lifo[T]) len() int    { return len(l.stack) }
func (l *lifo[T]) push(item T) { l.stack = append(l.stack, item) }

func (l *lifo[T]) pop() T {
	var zero T
	last := len(l.stack) - 1
	item := l.stack[last]
	l.stack[last] = zero
	l.stack = l.stack[:last]
	return item
}

// priority is a heap. Equal items keep the order in which they came.
type priority[T any] struct {
	less  func(a, b T) bool
	heap  []ranked[T]
	count uint64
}

type ranked[T any] struct {
	item T
	came uint64
}

func (p *priority[T]) len() int { return len(p.heap) }

func (p *priority[T]) push(item T) {
	p.count++
	heap.Push((*ranks[T])(p), ranked[T]{item, p.count})
}

func (p *priority[T]) pop() T { return heap.Pop((*ranks[T])(p)).(ranked[T]).item }

// ranks gives a priority the methods of container/heap.
type ranks[T any] priority[T]

func (r *ranks[T]) Len() int      { return len(r.heap) }
func (r *ranks[T]) Swap(i, j int) { r.heap[i], r.heap[j] = r.heap[j], r.heap[i] }
func (r *ranks[T]) Push(x any)    { r.heap = append(r.heap, x.(ranked[T])) }

func (r *ranks[T]) Less(i, j int) bool {
	a, b := &r.heap[i], &r.heap[j]
	if r.less(a.item, b.item) {
		return true
	}
	return !r.less(b.item, a.item) && a.came < b.came
}

func (r *ranks[T]) Pop() any {
	last := len(r.heap) - 1
	x := r.heap[last]
	r.heap[last] = ranked[T]{}
	r.heap = r.heap[:last]
	return x
}
