package runner

import (
	"context"

	"github.com/goaio/aio"
	"github.com/goaio/aio/conformance"
)

func newObject(o conformance.Object) any {
	switch o.Kind {
	case conformance.Future:
		return aio.NewFuture[int]()
	case conformance.Event:
		return new(aio.Event)
	case conformance.Lock:
		return mutex{new(aio.Mutex)}
	case conformance.Semaphore:
		return semaphore{aio.NewSemaphore(o.Size)}
	case conformance.BoundedSemaphore:
		return aio.NewBoundedSemaphore(o.Size)
	case conformance.Queue:
		return aio.NewQueue[int](o.Size)
	case conformance.LIFOQueue:
		return aio.NewLIFOQueue[int](o.Size)
	case conformance.PriorityQueue:
		return aio.NewPriorityQueue[int](o.Size, func(a, b int) bool { return a < b })
	case conformance.Condition:
		c := aio.NewCondition(nil)
		return condition{lock: mutex{c}, Condition: c}
	case conformance.Barrier:
		return aio.NewBarrier(o.Size)
	}
	panic("an object of no known kind")
}

// acquirer is what the operations acquire, with and release take.
type acquirer interface {
	Acquire(ctx context.Context) error
	Release() error
}

// locker is a mutex or a condition.
type locker interface {
	Lock(ctx context.Context) error
	Unlock()
	Locked() bool
}

// mutex turns the panic of an Unlock without a Lock into the language's error.
type mutex struct{ locker }

func (m mutex) Acquire(ctx context.Context) error { return m.Lock(ctx) }

func (m mutex) Release() error {
	if !m.Locked() {
		return errMisuse
	}
	m.Unlock()
	return nil
}

type condition struct {
	lock mutex
	*aio.Condition
}

func (c condition) Acquire(ctx context.Context) error { return c.lock.Acquire(ctx) }
func (c condition) Release() error                    { return c.lock.Release() }

type semaphore struct{ *aio.Semaphore }

func (s semaphore) Release() error {
	s.Semaphore.Release()
	return nil
}

type queue interface {
	Put(ctx context.Context, v int) error
	PutNoWait(v int) error
	Get(ctx context.Context) (int, error)
	GetNoWait() (int, error)
	TaskDone() error
	Join(ctx context.Context) error
	Shutdown(immediate bool)
}
