package aio

import (
	"context"
	"errors"
	"iter"
	"sync"

	"github.com/goaio/aio/loop"
)

var (
	// ErrQueueEmpty is what GetNoWait returns when there is no item.
	ErrQueueEmpty = errors.New("aio: queue empty")
	// ErrQueueShutdown is what a queue returns that was shut down.
	ErrQueueShutdown = errors.New("aio: queue shut down")
	// ErrTaskDoneTooOften is what TaskDone returns when it was called more
	// often than items were put in.
	ErrTaskDoneTooOften = errors.New("aio: TaskDone was called more often than items were put in the queue")
)

// Queue hands items from producers to consumers: tasks and goroutines, on any
// loops. Items come out first in, first out, or as [NewPriorityQueue] and
// [NewLIFOQueue] say. Those who wait are woken in the order in which they came;
// who comes before a woken one has run may be served before it. Make a Queue
// with one of its constructors. Its methods are safe from any goroutine. It is
// asyncio's Queue.
type Queue[T any] struct {
	mu         sync.Mutex
	ring       ring[T]
	order      order[T] // instead of ring, unless first in is first out
	maxsize    int
	unfinished int
	shutdown   bool
	getters    loop.WaitList
	putters    loop.WaitList
	joiners    loop.WaitList
}

// PriorityQueue is a [Queue] whose smallest item comes out first.
type PriorityQueue[T any] = Queue[T]

// LIFOQueue is a [Queue] whose newest item comes out first.
type LIFOQueue[T any] = Queue[T]

// NewQueue returns a queue of at most maxsize items; 0 or less means no bound.
func NewQueue[T any](maxsize int) *Queue[T] {
	return &Queue[T]{maxsize: maxsize}
}

// NewPriorityQueue returns a queue whose items come out in the order of less;
// equal ones in the order in which they were put in. less is called while the
// queue is locked, so it must not use the queue; if it panics, so does the
// caller of Put or Get, and the queue is as before. NewPriorityQueue panics if
// less is nil.
func NewPriorityQueue[T any](maxsize int, less func(a, b T) bool) *PriorityQueue[T] {
	if less == nil {
		panic("aio: a priority queue needs an order")
	}
	return &Queue[T]{maxsize: maxsize, order: &heap[T]{less: less}}
}

// NewLIFOQueue returns a queue whose newest item comes out first.
func NewLIFOQueue[T any](maxsize int) *LIFOQueue[T] {
	return &Queue[T]{maxsize: maxsize, order: &stack[T]{}}
}

func (q *Queue[T]) full() bool { return q.maxsize > 0 && q.len() >= q.maxsize }

func (q *Queue[T]) len() int {
	if q.order != nil {
		return q.order.len()
	}
	return q.ring.count
}

// Put puts an item in, waiting for a place if need be. After Shutdown it
// returns [ErrQueueShutdown]. A cancel while waiting returns a
// [*CancelledError]; the item is not in the queue then. If there is a place Put
// does not look at ctx.
func (q *Queue[T]) Put(ctx context.Context, item T) error {
	q.mu.Lock()
	for q.full() {
		if q.shutdown {
			q.mu.Unlock()
			return ErrQueueShutdown
		}
		if err := q.waitForPlace(ctx); err != nil {
			return err
		}
	}
	return q.put(item)
}

// PutNoWait puts an item in, or returns [ErrQueueFull] or [ErrQueueShutdown].
func (q *Queue[T]) PutNoWait(item T) error {
	q.mu.Lock()
	return q.put(item)
}

// put is called with the lock held, and unlocks it.
func (q *Queue[T]) put(item T) error {
	switch {
	case q.shutdown:
		q.mu.Unlock()
		return ErrQueueShutdown
	case q.full():
		q.mu.Unlock()
		return ErrQueueFull
	case q.order == nil:
		q.ring.push(item)
	default:
		q.pushOrdered(item)
	}
	q.unfinished++
	if q.getters.First() != nil {
		q.getters.WakeFirst()
	}
	q.mu.Unlock()
	return nil
}

// waitForPlace is called with the lock held and returns so, but without it when
// it returns an error.
func (q *Queue[T]) waitForPlace(ctx context.Context) error {
	list := &q.putters
	w, err := loop.NewWaiterFor(ctx, awaitedPlace, q)
	if err != nil {
		q.mu.Unlock()
		return err
	}
	list.PushBack(w)
	q.mu.Unlock()
	over := false
	defer func() {
		if !over {
			q.unwound(w, list)
		}
	}()
	err = w.Wait(ctx)
	over = true
	q.mu.Lock()
	if err != nil {
		list.Remove(w)
		q.mu.Unlock()
	}
	return err
}

// unwound takes a task out whose loop was closed. If it had been woken, another
// is woken in its place.
func (q *Queue[T]) unwound(w *loop.Waiter, list *loop.WaitList) {
	q.mu.Lock()
	if !list.Remove(w) {
		list.WakeFirst()
	}
	q.mu.Unlock()
}

// Get takes an item out, waiting for one if need be. After Shutdown it returns
// [ErrQueueShutdown] once the queue is empty. A cancel while waiting returns a
// [*CancelledError]; no item is taken out then. If there is an item Get does not
// look at ctx.
func (q *Queue[T]) Get(ctx context.Context) (item T, err error) {
	q.mu.Lock()
	if q.len() > 0 || q.shutdown {
		return q.get()
	}
	// What waitForPlace does stands here once more: each frame behind a switch costs
	// about 10 ns, and this one is on everybody's way.
	var w *loop.Waiter
	over := false
	defer func() {
		if !over {
			q.unwound(w, &q.getters)
		}
	}()
	for {
		if w, err = loop.NewWaiterFor(ctx, awaitedItem, q); err != nil {
			break
		}
		q.getters.PushBack(w)
		q.mu.Unlock()
		err = w.Wait(ctx)
		q.mu.Lock()
		if err != nil {
			q.getters.Remove(w)
			break
		}
		if q.len() > 0 || q.shutdown {
			over = true
			return q.get()
		}
	}
	over = true
	q.mu.Unlock()
	return item, err
}

// GetNoWait takes an item out, or returns [ErrQueueEmpty] or
// [ErrQueueShutdown].
func (q *Queue[T]) GetNoWait() (item T, err error) {
	q.mu.Lock()
	return q.get()
}

// get is called with the lock held, and unlocks it.
func (q *Queue[T]) get() (item T, err error) {
	if q.len() == 0 {
		err = ErrQueueEmpty
		if q.shutdown {
			err = ErrQueueShutdown
		}
		q.mu.Unlock()
		return item, err
	}
	if q.order == nil {
		item = q.ring.pop()
	} else {
		item = q.popOrdered()
	}
	if q.putters.First() != nil {
		q.putters.WakeFirst()
	}
	q.mu.Unlock()
	return item, nil
}

// All ranges over the items as they come, until the queue is shut down and
// empty. A cancel ends the range with a [*CancelledError] as its last error.
//
//	for job, err := range queue.All(ctx) {
//		if err != nil {
//			return err
//		}
//		…
//		queue.TaskDone()
//	}
func (q *Queue[T]) All(ctx context.Context) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for {
			item, err := q.Get(ctx)
			if err == ErrQueueShutdown || !yield(item, err) || err != nil {
				return
			}
		}
	}
}

// TaskDone says that the work on an item that was taken out is done. It
// returns [ErrTaskDoneTooOften] when that was said of every item already.
func (q *Queue[T]) TaskDone() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.unfinished == 0 {
		return ErrTaskDoneTooOften
	}
	q.finish(1)
	return nil
}

func (q *Queue[T]) finish(n int) {
	q.unfinished -= n
	if q.unfinished > 0 {
		return
	}
	for w := q.joiners.First(); w != nil; w = w.Next() {
		w.Wake()
	}
}

// Join waits until TaskDone was called for every item that was put in. A cancel
// ends the wait with a [*CancelledError] and changes nothing.
func (q *Queue[T]) Join(ctx context.Context) error {
	q.mu.Lock()
	if q.unfinished == 0 {
		q.mu.Unlock()
		return nil
	}
	return waitIn(ctx, awaitedTaskDone, q, &q.joiners, &q.mu)
}

// Shutdown closes the queue: a Put returns [ErrQueueShutdown] from now on, a
// Get once the queue is empty; who waits is woken. With immediate the items
// that are left are dropped and count as done. A second Shutdown can make the
// first one immediate.
func (q *Queue[T]) Shutdown(immediate bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.shutdown = true
	if immediate {
		q.finish(min(q.clear(), q.unfinished))
	}
	q.getters.WakeAll()
	q.putters.WakeAll()
}

// Len returns the number of items in the queue.
func (q *Queue[T]) Len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.len()
}

// Empty reports whether there is no item in the queue.
func (q *Queue[T]) Empty() bool { return q.Len() == 0 }

// Full reports whether a Put would have to wait.
func (q *Queue[T]) Full() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.full()
}
