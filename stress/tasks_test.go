package stress

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/loop"
)

// elsewhere has fn run by somebody else: a goroutine, a callback or a timer of
// a loop.
func (r *run) elsewhere(random *rand.Rand, fn func()) {
	l := r.loops[random.IntN(len(r.loops))]
	switch random.IntN(3) {
	case 0:
		go fn()
	case 1:
		l.CallSoon(fn)
	default:
		l.CallSoon(func() { l.CallLater(100*time.Microsecond, fn) })
	}
}

// futureRoom's futures are completed by somebody else, and awaited by whoever
// comes along.
type futureRoom struct {
	run    *run
	latest atomic.Pointer[aio.Future[int]]
}

func (f *futureRoom) use(ctx context.Context, r *rand.Rand) error {
	if latest := f.latest.Load(); latest != nil && r.IntN(2) == 0 {
		_, err := latest.Await(ctx)
		return err
	}
	future, want := aio.NewFuture[int](), r.Int()
	f.latest.Store(future)
	var second atomic.Bool
	for range 2 {
		f.run.elsewhere(r, func() {
			if err := future.SetResult(want); err != nil && (!errors.Is(err, aio.ErrInvalidState) || second.Swap(true)) {
				f.run.t.Errorf("future: %v", err)
			}
		})
	}
	got, err := future.Await(ctx)
	if err == nil && got != want {
		return fmt.Errorf("awaited %d, not %d", got, want)
	}
	return err
}

func (f *futureRoom) check(t *testing.T) {
	if latest := f.latest.Load(); latest != nil && !latest.Completed() {
		t.Error("a future was left")
	}
}

// taskRoom's tasks wait for ever, until somebody else cancels them, or end in
// other ways.
type taskRoom struct{ run *run }

var errBoom = errors.New("boom")

func (k *taskRoom) use(ctx context.Context, r *rand.Rand) error {
	// Somebody who is on no loop can choose one.
	where := ctx
	if loop.Current() == nil && r.IntN(2) == 0 {
		where = loop.Carry(context.Background(), k.run.loops[r.IntN(len(k.run.loops))], nil)
	}
	// Whatever becomes of the waiter, the task is awaited.
	where = context.WithoutCancel(where)
	if r.IntN(4) == 0 {
		task := aio.Go(where, func(context.Context) error { return errBoom })
		return k.expect(ctx, task, func(err error) bool { return errors.Is(err, errBoom) })
	}
	task := aio.Go(where, func(ctx context.Context) error {
		_, err := aio.NewFuture[int]().Await(ctx)
		return aio.Cleanup(ctx, time.Minute, func(ctx context.Context) error { return errors.Join(aio.Yield(ctx), err) })
	})
	k.run.elsewhere(r, func() { task.Cancel(errEnough) })
	return k.expect(ctx, task, func(err error) bool {
		var cancelled *aio.CancelledError
		return errors.As(err, &cancelled) && errors.Is(err, errEnough)
	})
}

func (k *taskRoom) expect(ctx context.Context, task *aio.Task[struct{}], right func(error) bool) error {
	_, waited := task.Await(ctx)
	_, err := task.Await(context.WithoutCancel(ctx))
	if !right(err) {
		return fmt.Errorf("a task ended with %w", err)
	}
	if right(waited) {
		return nil
	}
	return waited
}

func (k *taskRoom) check(*testing.T) {}

// groupRoom's groups have ended when they return, however that comes about.
type groupRoom struct{}

func (g groupRoom) use(ctx context.Context, r *rand.Rand) error {
	switch r.IntN(8) {
	case 0:
		return g.gather(ctx)
	case 1:
		return g.panics(ctx)
	}
	var left atomic.Int64
	seeds := [3]uint64{r.Uint64(), r.Uint64(), r.Uint64()}
	err := aio.Group(ctx, func(ctx context.Context) error {
		for _, seed := range seeds {
			aio.Go(ctx, func(ctx context.Context) error {
				left.Add(1)
				defer left.Add(-1)
				r := rand.New(rand.NewPCG(seed, 0))
				if r.IntN(8) == 0 {
					return errBoom
				}
				return errors.Join(dawdle(ctx, r), dawdle(ctx, r))
			})
		}
		return dawdle(ctx, r)
	})
	if n := left.Load(); n != 0 {
		return fmt.Errorf("%d tasks outlived their group", n)
	}
	if errors.Is(err, errBoom) {
		return nil
	}
	return err
}

// panics has the owner of a group get the panic of a task.
func (g groupRoom) panics(ctx context.Context) (err error) {
	defer func() {
		switch value := recover().(type) {
		case nil:
		case *aio.PanicError:
			if value.Value != errBoom {
				err = value
			}
		default:
			panic(value)
		}
	}()
	return aio.Group(ctx, func(ctx context.Context) error {
		aio.Go(ctx, func(context.Context) error { panic(errBoom) })
		return nil
	})
}

func (g groupRoom) gather(ctx context.Context) error {
	results, err := aio.Gather(ctx,
		func(ctx context.Context) (int, error) { return 0, aio.Yield(ctx) },
		func(context.Context) (int, error) { return 1, errBoom },
		func(ctx context.Context) (int, error) { return 2, nil })
	if err != nil {
		return err
	}
	if !errors.Is(results[1].Err, errBoom) || results[2].Value != 2 {
		return fmt.Errorf("gathered %v", results)
	}
	return nil
}

func (g groupRoom) check(*testing.T) {}

// timeoutRoom nests deadlines.
type timeoutRoom struct{}

func (timeoutRoom) use(ctx context.Context, r *rand.Rand) error {
	var timeout *aio.TimeoutError
	short := time.Duration(r.IntN(int(time.Millisecond)))
	err := aio.Timeout(ctx, time.Duration(r.IntN(int(time.Millisecond))), func(ctx context.Context) error {
		err := aio.Timeout(ctx, short, func(ctx context.Context) error {
			_, err := aio.NewFuture[int]().Await(ctx)
			return err
		})
		if err == nil {
			return errors.New("nobody completed a future, and it was awaited")
		}
		if aio.IsCancelled(err) && ctx.Err() == nil {
			return fmt.Errorf("cancelled by nobody: %w", err)
		}
		return err
	})
	if errors.As(err, &timeout) {
		return nil
	}
	return err
}

func (timeoutRoom) check(*testing.T) {}

// blockingRoom hands work to the loops' thread pools.
type blockingRoom struct{ run, done atomic.Int64 }

func (b *blockingRoom) use(ctx context.Context, r *rand.Rand) error {
	want := r.Int()
	got, err := aio.Blocking(ctx, func(ctx context.Context) (int, error) {
		b.run.Add(1)
		defer b.done.Add(1)
		if want%4 == 0 {
			time.Sleep(100 * time.Microsecond)
		}
		return want, nil
	})
	if err == nil && got != want {
		return fmt.Errorf("got %d, not %d", got, want)
	}
	return err
}

func (b *blockingRoom) check(t *testing.T) {
	if b.run.Load() != b.done.Load() {
		t.Errorf("blocking: %d begun and %d done", b.run.Load(), b.done.Load())
	}
}
