package aio

import (
	"context"
	"errors"
	"sync"

	"github.com/goaio/aio/loop"
)

// ErrReleasedTooOften is what a [BoundedSemaphore] returns that is released
// more often than it was acquired.
var ErrReleasedTooOften = errors.New("aio: the semaphore was released more often than it was acquired")

// Semaphore is a number of permits for tasks and goroutines, on any loops. It
// is fair: permits go to those who wait in the order in which they came. Its
// methods are safe from any goroutine. It is asyncio's Semaphore.
type Semaphore struct {
	mu      sync.Mutex
	permits int
	waiters loop.WaitList
}

// NewSemaphore returns a semaphore with that many permits; it panics if the
// number is negative.
func NewSemaphore(permits int) *Semaphore {
	s := &Semaphore{}
	s.init(permits)
	return s
}

func (s *Semaphore) init(permits int) {
	if permits < 0 {
		panic("aio: a semaphore cannot begin with a negative number of permits")
	}
	s.permits = permits
}

// Acquire takes a permit, waiting for one if need be. A cancel while waiting
// returns a [*CancelledError]; no permit is taken then. If one is free Acquire
// does not look at ctx.
func (s *Semaphore) Acquire(ctx context.Context) error {
	s.mu.Lock()
	if !s.taken() {
		s.permits--
		s.mu.Unlock()
		return nil
	}
	w, err := loop.NewWaiterFor(ctx, awaitedPermit, s)
	if err != nil {
		s.mu.Unlock()
		return err
	}
	s.waiters.PushBack(w)
	s.mu.Unlock()
	taken := false
	// Deferred, for a task whose loop is closed is unwound from its await.
	defer func() {
		s.mu.Lock()
		s.waiters.Remove(w)
		if !taken && w.Done() && !w.Cancelled() {
			s.permits++ // it was given one on waking
		}
		// Permits that came meanwhile had to wait for this one's turn.
		for s.permits > 0 && s.wakeNext() {
		}
		s.mu.Unlock()
	}()
	err = w.Wait(ctx)
	taken = err == nil
	return err
}

// TryAcquire takes a permit if one is free and nobody waits for it, and reports
// whether it did.
func (s *Semaphore) TryAcquire() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.taken() {
		return false
	}
	s.permits--
	return true
}

// Release gives a permit back, or adds one, and wakes who has waited longest.
func (s *Semaphore) Release() {
	s.mu.Lock()
	s.release()
	s.mu.Unlock()
}

func (s *Semaphore) release() {
	s.permits++
	s.wakeNext()
}

// Locked reports whether an Acquire would have to wait.
func (s *Semaphore) Locked() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.taken()
}

func (s *Semaphore) taken() bool { return s.permits == 0 || waiting(&s.waiters) }

// wakeNext gives a permit to the first who still waits.
func (s *Semaphore) wakeNext() bool {
	for w := s.waiters.First(); w != nil; w = w.Next() {
		if w.Wake() {
			s.permits--
			return true
		}
	}
	return false
}

// BoundedSemaphore is a [Semaphore] that never has more permits than at its
// start: asyncio's BoundedSemaphore.
type BoundedSemaphore struct {
	semaphore Semaphore
	bound     int
}

// NewBoundedSemaphore returns a semaphore with that many permits; it panics if
// the number is negative.
func NewBoundedSemaphore(permits int) *BoundedSemaphore {
	s := &BoundedSemaphore{bound: permits}
	s.semaphore.init(permits)
	return s
}

// Acquire takes a permit; see [Semaphore.Acquire].
func (s *BoundedSemaphore) Acquire(ctx context.Context) error { return s.semaphore.Acquire(ctx) }

// TryAcquire takes a permit if one is free; see [Semaphore.TryAcquire].
func (s *BoundedSemaphore) TryAcquire() bool { return s.semaphore.TryAcquire() }

// Locked reports whether an Acquire would have to wait.
func (s *BoundedSemaphore) Locked() bool { return s.semaphore.Locked() }

// Release gives a permit back and wakes who has waited longest. When all
// permits are back already it returns [ErrReleasedTooOften].
func (s *BoundedSemaphore) Release() error {
	s.semaphore.mu.Lock()
	defer s.semaphore.mu.Unlock()
	if s.semaphore.permits >= s.bound {
		return ErrReleasedTooOften
	}
	s.semaphore.release()
	return nil
}
