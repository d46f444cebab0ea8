package properties

import (
	"context"
	"testing"

	"github.com/goaio/aio"
)

// holding checks that no more than so many are inside at a time.
type holding struct {
	t              *reporter
	inside, permit int
}

func (h *holding) hold(ctx context.Context, milliseconds int) error {
	if h.inside++; h.inside > h.permit {
		h.t.Errorf("%d inside, %d may be", h.inside, h.permit)
	}
	err := pause(ctx, milliseconds)
	h.inside--
	return err
}

func TestMutex(t *testing.T) {
	check(t, func(ctx context.Context, t *reporter, p program) {
		var m aio.Mutex
		h := holding{t: t, permit: 1}
		p.run(ctx, func(ctx context.Context, _ int, s step) error {
			return s.within(ctx, func(ctx context.Context) error {
				if s.choice == 0 {
					if !m.TryLock() {
						return nil
					}
				} else if err := m.Lock(ctx); err != nil {
					return err
				}
				defer m.Unlock()
				return h.hold(ctx, s.hold)
			})
		})
		if !m.TryLock() {
			t.Errorf("the mutex is locked when everybody has left")
		}
	})
}

func TestSemaphore(t *testing.T) {
	check(t, func(ctx context.Context, t *reporter, p program) {
		h := holding{t: t, permit: 1 + int(p.seed%3)}
		semaphore := aio.NewSemaphore(h.permit)
		p.run(ctx, func(ctx context.Context, _ int, s step) error {
			return s.within(ctx, func(ctx context.Context) error {
				if s.choice == 0 {
					if !semaphore.TryAcquire() {
						return nil
					}
				} else if err := semaphore.Acquire(ctx); err != nil {
					return err
				}
				defer semaphore.Release()
				return h.hold(ctx, s.hold)
			})
		})
		free := 0
		for semaphore.TryAcquire() {
			free++
		}
		if free != h.permit {
			t.Errorf("%d permits are left of %d", free, h.permit)
		}
	})
}

func TestBoundedSemaphore(t *testing.T) {
	check(t, func(ctx context.Context, t *reporter, p program) {
		h := holding{t: t, permit: 1 + int(p.seed%3)}
		semaphore := aio.NewBoundedSemaphore(h.permit)
		p.run(ctx, func(ctx context.Context, _ int, s step) error {
			return s.within(ctx, func(ctx context.Context) error {
				if err := semaphore.Acquire(ctx); err != nil {
					return err
				}
				defer func() {
					if err := semaphore.Release(); err != nil {
						t.Errorf("release of what was acquired: %v", err)
					}
				}()
				return h.hold(ctx, s.hold)
			})
		})
		if semaphore.Release() == nil {
			t.Errorf("a permit was lost: one more could be released")
		}
	})
}

// A token is there for each notification; every waiter takes one or gives up.
func TestCondition(t *testing.T) {
	check(t, func(ctx context.Context, t *reporter, p program) {
		condition := aio.NewCondition(nil)
		h := holding{t: t, permit: 1}
		tokens, made, taken, waiting := 0, 0, 0, 0
		p.run(ctx, func(ctx context.Context, _ int, s step) error {
			return s.within(ctx, func(ctx context.Context) error {
				if err := condition.Lock(ctx); err != nil {
					return err
				}
				defer condition.Unlock()
				if s.choice > 2 { // make one
					tokens++
					made++
					if err := condition.Notify(1); err != nil {
						t.Errorf("notify with the lock: %v", err)
					}
					return h.hold(ctx, s.hold)
				}
				for tokens == 0 {
					waiting++
					limited, stop := aio.WithTimeout(ctx, 50_000_000)
					err := condition.Wait(limited)
					stop()
					waiting--
					if err != nil {
						if tokens > 0 && ctx.Err() == nil && limited.Err() != nil && !condition.Locked() {
							t.Errorf("after a failed wait the lock is not held")
						}
						return err
					}
				}
				tokens--
				taken++
				return h.hold(ctx, s.hold)
			})
		})
		if made != taken+tokens || waiting != 0 {
			t.Errorf("made %d, taken %d, left %d; %d wait", made, taken, tokens, waiting)
		}
		if condition.Locked() {
			t.Errorf("the lock is held when everybody has left")
		}
	})
}

func TestEvent(t *testing.T) {
	check(t, func(ctx context.Context, t *reporter, p program) {
		var event aio.Event
		sets := 0
		p.run(ctx, func(ctx context.Context, _ int, s step) error {
			switch s.choice {
			case 0:
				event.Clear()
				return nil
			case 1, 2:
				sets++
				event.Set()
				return nil
			}
			s.deadline = max(1, s.deadline) // nobody need set it
			before, was := sets, event.IsSet()
			return s.within(ctx, func(ctx context.Context) error {
				err := event.Wait(ctx)
				switch {
				case err == nil && !was && sets == before:
					t.Errorf("woken by an event that was not set")
				case err != nil && was:
					t.Errorf("a set event made somebody wait: %v", err)
				}
				return err
			})
		})
	})
}

// Who gives up at a barrier counts until its own next step, as in asyncio, so
// with deadlines only so much can be said.
func TestBarrierThatSomeLeave(t *testing.T) {
	check(t, func(ctx context.Context, t *reporter, p program) {
		barrier := aio.NewBarrier(1 + int(p.seed%3))
		p.run(ctx, func(ctx context.Context, _ int, s step) error {
			s.deadline = max(1, s.deadline) // nobody else need come
			return s.within(ctx, func(ctx context.Context) error {
				index, err := barrier.Wait(ctx)
				if err == nil && (index < 0 || index >= barrier.Parties()) {
					t.Errorf("index %d of %d", index, barrier.Parties())
				}
				return err
			})
		})
		if n := barrier.Waiting(); n != 0 || barrier.Broken() {
			t.Errorf("%d wait when everybody has left; broken: %v", n, barrier.Broken())
		}
	})
}

// Nobody begins a phase before all have ended the one before.
func TestBarrier(t *testing.T) {
	check(t, func(ctx context.Context, t *reporter, p program) {
		p.cancels = nil
		phases := len(p.workers[0])
		for i, steps := range p.workers {
			for len(steps) < phases {
				steps = append(steps, p.workers[0][len(steps)])
			}
			p.workers[i] = steps[:phases]
		}
		barrier := aio.NewBarrier(len(p.workers))
		arrived := 0
		indices := map[int]int{}
		p.run(ctx, func(ctx context.Context, _ int, s step) error {
			phase := arrived / barrier.Parties()
			arrived++
			index, err := barrier.Wait(ctx)
			if err != nil {
				t.Errorf("a wait that nobody disturbed: %v", err)
			}
			indices[index]++
			if arrived < (phase+1)*barrier.Parties() {
				t.Errorf("let through after %d arrivals of %d", arrived-phase*barrier.Parties(), barrier.Parties())
			}
			return pause(ctx, s.hold)
		})
		for index := range barrier.Parties() {
			if indices[index] != phases {
				t.Errorf("%d phases, by index: %v", phases, indices)
			}
		}
	})
}
