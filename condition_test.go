package aio

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/goaio/aio/loop"
)

// waitingFor starts a task that holds the condition's lock around its Wait.
func waitingFor(ctx context.Context, c *Condition, name string, log *lines) *Task[struct{}] {
	return Go(ctx, func(ctx context.Context) error {
		if err := c.Lock(ctx); err != nil {
			return err
		}
		defer c.Unlock()
		err := c.Wait(ctx)
		if !c.Locked() {
			log.log(name + " without the lock")
		}
		if err != nil {
			name += " cancelled"
		}
		log.log(name)
		return err
	})
}

func TestConditionNotifiesInOrder(t *testing.T) {
	c := NewCondition(nil)
	var log lines
	virtually(t, func(ctx context.Context) error {
		var last *Task[struct{}]
		for _, name := range []string{"a", "b", "c", "d"} {
			last = waitingFor(ctx, c, name, &log)
		}
		_ = Yield(ctx)
		_ = c.Lock(ctx)
		_ = c.Notify(0)
		_ = c.Notify(-1)
		_ = c.Notify(2)
		c.Unlock()
		_ = Sleep(ctx, time.Second)
		log.log("two")
		_ = c.Lock(ctx)
		_ = c.NotifyAll()
		c.Unlock()
		_, err := last.Await(ctx)
		return err
	})
	log.want(t, "a", "b", "two", "c", "d")
}

func TestConditionNeedsItsLock(t *testing.T) {
	m := &Mutex{}
	c := NewCondition(m)
	for _, err := range []error{c.Wait(context.Background()), c.Notify(1), c.NotifyAll()} {
		if err != ErrNotLocked {
			t.Errorf("got %v", err)
		}
	}
	if m.Locked() || c.waiters.First() != nil {
		t.Error("the misuse left something behind")
	}
	virtually(t, func(ctx context.Context) error {
		if err := c.Wait(ctx); err != ErrNotLocked {
			t.Errorf("got %v", err)
		}
		m.TryLock()
		if !c.Locked() {
			t.Error("the lock is another one")
		}
		return Yield(ctx)
	})
}

func TestConditionWaitsForItsPredicate(t *testing.T) {
	c := NewCondition(nil)
	n := 0
	virtually(t, func(ctx context.Context) error {
		three := Go(ctx, func(ctx context.Context) error {
			if err := c.Lock(ctx); err != nil {
				return err
			}
			defer c.Unlock()
			return c.WaitFor(ctx, func() bool { return n == 3 })
		})
		for range 3 {
			_ = Yield(ctx)
			if three.Completed() {
				t.Error("too early")
			}
			_ = c.Lock(ctx)
			n++
			_ = c.NotifyAll()
			c.Unlock()
		}
		_, err := three.Await(ctx)
		return err
	})
}

// A cancel while the lock is awaited again sends the waiter to its end, and
// what it was notified of goes to another.
func TestConditionHoldsItsLockAfterACancel(t *testing.T) {
	c := NewCondition(nil)
	var log lines
	virtually(t, func(ctx context.Context) error {
		a := waitingFor(ctx, c, "a", &log)
		b := waitingFor(ctx, c, "b", &log)
		_ = Yield(ctx)
		_ = c.Lock(ctx)
		_ = c.Notify(1)
		_ = Yield(ctx) // now a waits for the lock
		newcomer := Go(ctx, func(ctx context.Context) error {
			defer c.Unlock()
			err := c.Lock(ctx)
			log.log("newcomer")
			return err
		})
		_ = Yield(ctx)
		a.Cancel(errTest)
		_ = Yield(ctx)
		log.log("unlock")
		c.Unlock()
		if _, err := a.Await(ctx); !errors.Is(err, errTest) {
			t.Errorf("got %v", err)
		}
		_, err := newcomer.Await(ctx)
		_, another := b.Await(ctx)
		return errors.Join(err, another)
	})
	log.want(t, "unlock", "newcomer", "a cancelled", "b")
}

func TestConditionSurvivesManyCancelsAtItsLock(t *testing.T) {
	c := NewCondition(nil)
	var log lines
	virtually(t, func(ctx context.Context) error {
		a := waitingFor(ctx, c, "a", &log)
		_ = Yield(ctx)
		_ = c.Lock(ctx)
		for range 5 {
			a.Cancel(errTest)
			_ = Yield(ctx)
			_ = Yield(ctx)
		}
		// Time passes: a waits for the lock and does not ask again and again.
		_ = Sleep(ctx, time.Second)
		c.Unlock()
		_, err := a.Await(ctx)
		if !errors.Is(err, errTest) {
			t.Errorf("got %v", err)
		}
		return nil
	})
	log.want(t, "a cancelled")
}

// Neither does a context that is not the task's hand the task's cancel to the
// wait for the lock, nor one that was cut off from it.
func TestConditionHeedsOnlyItsContext(t *testing.T) {
	for name, other := range map[string]func(ctx context.Context) context.Context{
		"cut off": context.WithoutCancel,
		"none":    func(context.Context) context.Context { return context.Background() },
		"foreign": func(context.Context) context.Context {
			ctx, cancel := context.WithCancel(context.Background())
			t.Cleanup(cancel)
			return ctx
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := NewCondition(nil)
			virtually(t, func(ctx context.Context) error {
				a := Go(ctx, func(ctx context.Context) error {
					_ = c.Lock(ctx)
					defer c.Unlock()
					if err := c.Wait(other(ctx)); err != nil {
						t.Errorf("got %v", err)
					}
					return Yield(ctx)
				})
				_ = Yield(ctx)
				_ = c.Lock(ctx)
				_ = c.Notify(1)
				_ = Yield(ctx)
				a.Cancel(errTest)
				_ = Yield(ctx)
				c.Unlock()
				if _, err := a.Await(ctx); !errors.Is(err, errTest) {
					t.Errorf("got %v", err)
				}
				return nil
			})
		})
	}
}

func TestConditionWithANilContextCanBeCancelledAtItsLock(t *testing.T) {
	c := NewCondition(nil)
	virtually(t, func(ctx context.Context) error {
		a := Go(ctx, func(ctx context.Context) error {
			_ = c.Lock(ctx)
			defer c.Unlock()
			var innermost context.Context
			return c.Wait(innermost)
		})
		_ = Yield(ctx)
		_ = c.Lock(ctx)
		_ = c.Notify(1)
		_ = Yield(ctx)
		a.Cancel(errTest)
		_ = Yield(ctx)
		c.Unlock()
		if _, err := a.Await(ctx); !errors.Is(err, errTest) {
			t.Errorf("got %v", err)
		}
		return nil
	})
}

// A task that is unwound has the lock again when its deferred Unlock runs.
func TestConditionOfAClosedLoopPassesItsLockOn(t *testing.T) {
	c := NewCondition(nil)
	var log lines
	l, err := loop.New(loop.Options{Driver: "simulated"})
	if err != nil {
		t.Fatal(err)
	}
	ctx := loop.Carry(context.Background(), l, nil)
	for range 2 {
		Go(ctx, func(ctx context.Context) error {
			_ = c.Lock(ctx)
			defer func() {
				if !c.Locked() {
					t.Error("a deferred Unlock would fail")
				}
				c.Unlock()
				log.log("unwound")
			}()
			return c.Wait(ctx)
		})
	}
	l.Stop()
	if err := l.RunForever(); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); !errors.Is(err, loop.ErrAbandoned) {
		t.Errorf("close: %v", err)
	}
	if c.Locked() || c.waiters.First() != nil || c.m.waiters.First() != nil {
		t.Error("somebody has the lock or waits still")
	}
	log.want(t, "unwound", "unwound")
}

func TestConditionCountsEverywhere(t *testing.T) {
	const bound, times = 3, 40
	c := NewCondition(nil)
	held, count := 0, 0
	everywhere(t, func(ctx context.Context, i int) error {
		for j := range times {
			turn := ctx
			if (i+j)%4 == 0 {
				turn = soonCancelled(ctx)
			}
			if err := c.Lock(ctx); err != nil {
				return err
			}
			err := c.WaitFor(turn, func() bool { return held < bound })
			if err != nil {
				if turn == ctx {
					return err
				}
				c.Unlock()
				continue
			}
			held++
			count++
			c.Unlock()
			_ = Yield(ctx)
			if err := c.Lock(ctx); err != nil {
				return err
			}
			held--
			_ = c.Notify(1)
			c.Unlock()
		}
		return nil
	})
	if held != 0 || c.Locked() || c.waiters.First() != nil {
		t.Errorf("%d held", held)
	}
	if count < callersEverywhere*times/2 {
		t.Errorf("only %d", count)
	}
}
