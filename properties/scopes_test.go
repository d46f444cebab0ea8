package properties

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/loop"
)

var errDrawn = errors.New("drawn to fail")

// When a group returns whatever was started in it has ended, however it ended.
func TestGroup(t *testing.T) {
	check(t, func(ctx context.Context, t *reporter, p program) {
		live, failed, returned := 0, false, false
		begin := func() {
			if live++; returned {
				t.Errorf("a task began after its group had returned")
			}
		}
		group := aio.Go(ctx, func(ctx context.Context) error {
			err := aio.Group(ctx, func(ctx context.Context) error {
				for _, steps := range p.workers {
					aio.Go(ctx, func(ctx context.Context) error {
						begin()
						defer func() { live-- }()
						for _, s := range steps {
							if err := pause(ctx, s.pause); err != nil {
								return err
							}
							switch s.choice {
							case 0:
								failed = true
								return errDrawn
							case 1: // a grandchild
								aio.Go(ctx, func(ctx context.Context) error {
									begin()
									defer func() { live-- }()
									return pause(ctx, s.hold)
								})
							}
						}
						return nil
					})
				}
				return nil
			})
			if returned = true; live != 0 {
				t.Errorf("%d tasks live when their group has returned", live)
			}
			return err
		})
		for _, c := range p.cancels {
			_ = pause(ctx, c.at-1)
			group.Cancel(nil)
		}
		_, err := group.Await(ctx)
		if failed != errors.Is(err, errDrawn) {
			t.Errorf("a task failed: %v; the group returned %v", failed, err)
		}
	})
}

// Who awaits a future gets its value or their own cancel, and a cancel of one
// does nothing to the others.
func TestFuture(t *testing.T) {
	check(t, func(ctx context.Context, t *reporter, p program) {
		future := aio.NewFuture[int]()
		setter := aio.Go(ctx, func(ctx context.Context) error {
			_ = pause(ctx, int(p.seed%4))
			return future.SetResult(42)
		})
		p.run(ctx, func(ctx context.Context, _ int, s step) error {
			return s.within(ctx, func(ctx context.Context) error {
				v, err := future.Await(ctx)
				if err == nil && v != 42 {
					t.Errorf("got %d", v)
				}
				return err
			})
		})
		if _, err := setter.Await(ctx); err != nil {
			t.Errorf("the future was not pending: %v", err)
		}
	})
}

// Of nested deadlines the earliest counts, to the nanosecond.
func TestTimeout(t *testing.T) {
	check(t, func(ctx context.Context, t *reporter, p program) {
		p.cancels = nil
		p.run(ctx, func(ctx context.Context, _ int, s step) error {
			now := loop.Of(ctx).Now
			start := now()
			work, inner, outer := s.hold+2, s.deadline+1, s.choice+1
			err := aio.Timeout(ctx, time.Duration(outer)*time.Millisecond, func(ctx context.Context) error {
				return aio.Timeout(ctx, time.Duration(inner)*time.Millisecond, func(ctx context.Context) error {
					return pause(ctx, work)
				})
			})
			least := min(work, inner, outer)
			if passed := now().Sub(start); passed != time.Duration(least)*time.Millisecond {
				t.Errorf("%v passed of work %d within %d within %d", passed, work, inner, outer)
			}
			if expired := errors.Is(err, context.DeadlineExceeded); work != least && !expired || work < min(inner, outer) && err != nil {
				t.Errorf("work %d within %d within %d: %v", work, inner, outer, err)
			}
			return nil
		})
	})
}

// A gather has an outcome for each function, in their order; a cancel reaches
// all of them, and none outlives it.
func TestGather(t *testing.T) {
	check(t, func(ctx context.Context, t *reporter, p program) {
		live := 0
		p.run(ctx, func(ctx context.Context, worker int, s step) error {
			fns := make([]func(context.Context) (int, error), s.choice)
			mine := 0
			for i := range fns {
				fns[i] = func(ctx context.Context) (int, error) {
					live++
					mine++
					defer func() { live--; mine-- }()
					return i, pause(ctx, (s.hold+i)%4)
				}
			}
			return s.within(ctx, func(ctx context.Context) error {
				results, err := aio.Gather(ctx, fns...)
				if mine != 0 {
					t.Errorf("%d functions run when their gather has returned", mine)
				}
				if err != nil {
					return err
				}
				for i, r := range results {
					if r.Err != nil || r.Value != i {
						t.Errorf("result %d is %d, %v", i, r.Value, r.Err)
					}
				}
				return nil
			})
		})
		if live != 0 {
			t.Errorf("%d functions are left", live)
		}
	})
}
