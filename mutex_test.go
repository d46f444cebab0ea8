package aio

import (
	"context"
	"errors"
	"testing"
)

func TestMutexGoesRound(t *testing.T) {
	var m Mutex
	var log lines
	virtually(t, func(ctx context.Context) error {
		return Group(ctx, func(ctx context.Context) error {
			for _, name := range []string{"a", "b", "c"} {
				Go(ctx, func(ctx context.Context) error {
					for range 2 {
						if err := m.Lock(ctx); err != nil {
							return err
						}
						log.log(name)
						_ = Yield(ctx)
						m.Unlock()
					}
					return nil
				})
			}
			return nil
		})
	})
	log.want(t, "a", "b", "c", "a", "b", "c")
}

func TestMutexKeepsANewcomerBehindWhoWasWoken(t *testing.T) {
	var m Mutex
	var log lines
	virtually(t, func(ctx context.Context) error {
		m.TryLock()
		woken := Go(ctx, func(ctx context.Context) error {
			defer m.Unlock()
			err := m.Lock(ctx)
			log.log("woken")
			return err
		})
		_ = Yield(ctx)
		m.Unlock()
		if m.Locked() || m.TryLock() {
			t.Error("it is neither locked yet nor free")
		}
		err := m.Lock(ctx)
		log.log("newcomer")
		return errors.Join(err, woken.Err())
	})
	log.want(t, "woken", "newcomer")
}

func TestMutexThatIsFreeIgnoresTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var m Mutex
	if err := m.Lock(ctx); err != nil {
		t.Error(err)
	}
	if !m.Locked() || m.TryLock() {
		t.Error("it is not locked")
	}
	m.Unlock()
	if m.Locked() {
		t.Error("it is locked")
	}
}

func TestMutexIsFreeWhenAllWhoWaitAreCancelled(t *testing.T) {
	var m Mutex
	virtually(t, func(ctx context.Context) error {
		m.TryLock()
		waiting := Go(ctx, m.Lock)
		_ = Yield(ctx)
		waiting.Cancel(nil)
		m.Unlock()
		if !m.TryLock() {
			t.Error("it is not free")
		}
		_, err := waiting.Await(ctx)
		if !errors.Is(err, context.Canceled) || !m.Locked() {
			t.Errorf("got %v", err)
		}
		return nil
	})
}

func TestMutexUnlockedTwicePanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	new(Mutex).Unlock()
}

func TestMutexAllocatesNothing(t *testing.T) {
	var m Mutex
	if n := testing.AllocsPerRun(100, func() {
		_ = m.Lock(context.Background())
		m.Unlock()
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestMutexExcludesEverywhere(t *testing.T) {
	var m Mutex
	const times = 60
	locked, cancelled := 0, 0
	everywhere(t, func(ctx context.Context, i int) error {
		for j := range times {
			turn := ctx
			if (i+j)%4 == 0 {
				turn = soonCancelled(ctx)
			}
			err := m.Lock(turn)
			if err != nil {
				if turn == ctx {
					return err
				}
				if err := m.Lock(ctx); err != nil {
					return err
				}
				cancelled++
			}
			locked++
			if j%8 == 0 {
				_ = Yield(ctx)
			}
			m.Unlock()
		}
		return nil
	})
	if locked != callersEverywhere*times {
		t.Errorf("%d times, want %d", locked, callersEverywhere*times)
	}
	if m.Locked() || m.waiters.First() != nil {
		t.Error("somebody has it, or waits for it, still")
	}
	t.Logf("%d cancelled", cancelled)
}
