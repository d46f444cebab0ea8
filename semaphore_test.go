package aio

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
)

func TestSemaphoreServesInOrder(t *testing.T) {
	s := NewSemaphore(1)
	var log lines
	virtually(t, func(ctx context.Context) error {
		return Group(ctx, func(ctx context.Context) error {
			for _, name := range []string{"a", "b", "c"} {
				Go(ctx, func(ctx context.Context) error {
					for range 2 {
						if err := s.Acquire(ctx); err != nil {
							return err
						}
						log.log(name)
						_ = Yield(ctx)
						s.Release()
					}
					return nil
				})
			}
			return nil
		})
	})
	log.want(t, "a", "b", "c", "a", "b", "c")
}

func TestSemaphoreKeepsANewcomerBehindThoseWhoWait(t *testing.T) {
	s := NewSemaphore(0)
	virtually(t, func(ctx context.Context) error {
		waiting := Go(ctx, s.Acquire)
		_ = Yield(ctx)
		s.Release()
		s.Release()
		if !s.Locked() || s.TryAcquire() {
			t.Error("a newcomer came first")
		}
		_, err := waiting.Await(ctx)
		if s.Locked() || !s.TryAcquire() {
			t.Error("the second permit is lost")
		}
		return err
	})
}

func TestSemaphoreWakesOneForEachRelease(t *testing.T) {
	s := NewSemaphore(0)
	virtually(t, func(ctx context.Context) error {
		var waiting []*Task[struct{}]
		for range 4 {
			waiting = append(waiting, Go(ctx, s.Acquire))
		}
		_ = Yield(ctx)
		waiting[1].Cancel(nil)
		s.Release()
		s.Release()
		for range 3 {
			_ = Yield(ctx)
		}
		for i, want := range []bool{true, true, true, false} {
			if waiting[i].Completed() != want {
				t.Errorf("task %d: ended %v", i, !want)
			}
		}
		s.Release()
		_, err := waiting[3].Await(ctx)
		return err
	})
}

func TestSemaphoreWithAPermitIgnoresTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	s := NewSemaphore(1)
	if err := s.Acquire(ctx); err != nil || !s.Locked() {
		t.Errorf("got %v", err)
	}
	if err := s.Acquire(ctx); !IsCancelled(err) {
		t.Errorf("got %v", err)
	}
}

func TestSemaphoreOfLessThanNothingPanics(t *testing.T) {
	for name, of := range map[string]func(){
		"semaphore": func() { NewSemaphore(-1) },
		"bounded":   func() { NewBoundedSemaphore(-1) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			of()
		}()
	}
}

func TestBoundedSemaphoreRefusesAReleaseTooMany(t *testing.T) {
	s := NewBoundedSemaphore(2)
	if err := s.Release(); !errors.Is(err, ErrReleasedTooOften) {
		t.Errorf("got %v", err)
	}
	for i, want := range []bool{true, true, false} {
		if s.Locked() == want || s.TryAcquire() != want {
			t.Errorf("acquire %d", i)
		}
	}
	for i, want := range []error{nil, nil, ErrReleasedTooOften} {
		if err := s.Release(); err != want {
			t.Errorf("release %d: %v", i, err)
		}
	}
}

func TestSemaphoreBoundsEverywhere(t *testing.T) {
	const permits, times = 5, 60
	s := NewBoundedSemaphore(permits)
	var inside, tooMany atomic.Int64
	everywhere(t, func(ctx context.Context, i int) error {
		for j := range times {
			turn := ctx
			if (i+j)%4 == 0 {
				turn = soonCancelled(ctx)
			}
			if err := s.Acquire(turn); err != nil {
				if turn == ctx {
					return err
				}
				continue
			}
			if n := inside.Add(1); n > permits {
				tooMany.Store(n)
			}
			if j%8 == 0 {
				_ = Yield(ctx)
			}
			inside.Add(-1)
			if err := s.Release(); err != nil {
				return err
			}
		}
		return nil
	})
	if n := tooMany.Load(); n > 0 {
		t.Errorf("%d at once", n)
	}
	if s.semaphore.permits != permits || s.semaphore.waiters.First() != nil {
		t.Errorf("%d permits are left", s.semaphore.permits)
	}
}
