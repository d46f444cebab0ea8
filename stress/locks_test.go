package stress

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"

	"github.com/goaio/aio"
)

// mutexRoom's counts are plain variables: the race detector sees who is in.
type mutexRoom struct {
	mutex   aio.Mutex
	inside  int
	entered int64
	locked  atomic.Int64
}

func (m *mutexRoom) use(ctx context.Context, r *rand.Rand) error {
	if r.IntN(4) == 0 {
		if !m.mutex.TryLock() {
			return nil
		}
	} else if err := m.mutex.Lock(ctx); err != nil {
		return err
	}
	defer m.mutex.Unlock()
	m.locked.Add(1)
	m.entered++
	if m.inside++; m.inside != 1 {
		return fmt.Errorf("%d hold the mutex", m.inside)
	}
	err := dawdle(ctx, r)
	m.inside--
	return err
}

func (m *mutexRoom) check(t *testing.T) {
	if m.mutex.Locked() || m.inside != 0 || m.entered != m.locked.Load() {
		t.Errorf("mutex: locked %v, %d inside, entered %d times of %d", m.mutex.Locked(), m.inside, m.entered, m.locked.Load())
	}
}

// semaphoreRoom is for both kinds.
type semaphoreRoom struct {
	acquire func(context.Context) error
	try     func() bool
	release func() error
	inside  atomic.Int64
}

const permits = 3

func newSemaphoreRoom() *semaphoreRoom {
	s := aio.NewSemaphore(permits)
	return &semaphoreRoom{acquire: s.Acquire, try: s.TryAcquire, release: func() error { s.Release(); return nil }}
}

func newBoundedSemaphoreRoom() *semaphoreRoom {
	s := aio.NewBoundedSemaphore(permits)
	return &semaphoreRoom{acquire: s.Acquire, try: s.TryAcquire, release: s.Release}
}

func (s *semaphoreRoom) use(ctx context.Context, r *rand.Rand) (err error) {
	if r.IntN(4) == 0 {
		if !s.try() {
			return nil
		}
	} else if err := s.acquire(ctx); err != nil {
		return err
	}
	if n := s.inside.Add(1); n > permits {
		err = fmt.Errorf("%d have one of %d permits", n, permits)
	}
	err = errors.Join(err, dawdle(ctx, r))
	s.inside.Add(-1)
	if released := s.release(); released != nil {
		return released
	}
	return err
}

func (s *semaphoreRoom) check(t *testing.T) {
	left := 0
	for s.try() {
		left++
	}
	if left != permits {
		t.Errorf("semaphore: %d permits are left of %d", left, permits)
	}
}

// crowd is how many are let into a room at a time in which one call wakes all
// who wait, as asyncio's does: among hundreds who then ask for the lock anew, one
// may be unlucky for minutes, and that is no lost wake-up.
type crowd struct{ visitors atomic.Int64 }

func (c *crowd) visit(do func() error) error {
	defer c.visitors.Add(-1)
	if c.visitors.Add(1) > 4*parties {
		return nil
	}
	return do()
}

// conditionRoom is a stock of tickets, which are made by those who notify and
// taken by those who wait.
type conditionRoom struct {
	crowd       crowd
	condition   *aio.Condition
	stock       int
	made, taken int64
}

func newConditionRoom() *conditionRoom { return &conditionRoom{condition: aio.NewCondition(nil)} }

func (c *conditionRoom) use(ctx context.Context, r *rand.Rand) error {
	return c.crowd.visit(func() error { return c.takeOrMake(ctx, r) })
}

func (c *conditionRoom) takeOrMake(ctx context.Context, r *rand.Rand) error {
	if err := c.condition.Lock(ctx); err != nil {
		return err
	}
	defer c.condition.Unlock()
	if r.IntN(4) == 0 {
		return c.make(r)
	}
	if err := c.condition.WaitFor(ctx, func() bool { return c.stock > 0 }); err != nil {
		return err
	}
	c.stock--
	c.taken++
	return nil
}

// make is called with the lock held.
func (c *conditionRoom) make(r *rand.Rand) error {
	c.made++
	c.stock++
	if r.IntN(8) == 0 {
		return c.condition.NotifyAll()
	}
	return c.condition.Notify(1)
}

func (c *conditionRoom) help(ctx context.Context, r *rand.Rand) error {
	for {
		if err := c.condition.Lock(ctx); err != nil {
			return err
		}
		for c.stock < 8 && r.IntN(16) > 0 {
			if err := c.make(r); err != nil {
				return err
			}
		}
		c.condition.Unlock()
		if err := rest(ctx, r); err != nil {
			return err
		}
	}
}

func (c *conditionRoom) close() {}

func (c *conditionRoom) check(t *testing.T) {
	if c.made-c.taken != int64(c.stock) || c.condition.Locked() {
		t.Errorf("condition: %d made, %d taken, %d left; locked %v", c.made, c.taken, c.stock, c.condition.Locked())
	}
}

// eventRoom's flag is set and cleared again at once: who waited goes on.
type eventRoom struct{ event aio.Event }

func (e *eventRoom) use(ctx context.Context, _ *rand.Rand) error { return e.event.Wait(ctx) }

func (e *eventRoom) help(ctx context.Context, r *rand.Rand) error {
	for {
		e.event.Set()
		e.event.Clear()
		if err := rest(ctx, r); err != nil {
			return err
		}
	}
}

func (e *eventRoom) close()             {}
func (e *eventRoom) check(t *testing.T) {}

// barrierRoom counts who passed, and the last ones to come: each stands for a
// full barrier. Of the others some may have been cancelled when it was full.
type barrierRoom struct {
	barrier                 *aio.Barrier
	crowd                   crowd
	passed, full, cancelled atomic.Int64
}

const parties = 3

func newBarrierRoom() *barrierRoom { return &barrierRoom{barrier: aio.NewBarrier(parties)} }

func (b *barrierRoom) use(ctx context.Context, _ *rand.Rand) error {
	return b.crowd.visit(func() error { return b.wait(ctx) })
}

func (b *barrierRoom) wait(ctx context.Context) error {
	index, err := b.barrier.Wait(ctx)
	switch {
	case errors.Is(err, aio.ErrBrokenBarrier):
		return err
	case err != nil:
		b.cancelled.Add(1)
		return err
	case index == parties-1:
		b.full.Add(1)
	}
	b.passed.Add(1)
	return nil
}

func (b *barrierRoom) help(ctx context.Context, r *rand.Rand) error {
	for {
		if err := b.wait(ctx); errors.Is(err, aio.ErrBrokenBarrier) {
			return nil
		} else if err != nil {
			return err
		}
		if err := rest(ctx, r); err != nil {
			return err
		}
	}
}

func (b *barrierRoom) close() { _ = b.barrier.Abort(context.Background()) }

func (b *barrierRoom) check(t *testing.T) {
	passed, all := b.passed.Load(), b.full.Load()*parties
	if passed > all || passed+b.cancelled.Load() < all || b.barrier.Waiting() != 0 {
		t.Errorf("barrier: full %d times, %d passed, %d cancelled, %d wait", b.full.Load(), passed, b.cancelled.Load(), b.barrier.Waiting())
	}
}
