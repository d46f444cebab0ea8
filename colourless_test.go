package aio

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/goaio/aio/coro"
)

// places are where one and the same function may run.
var places = []struct {
	name string
	run  func(t *testing.T, fn func(ctx context.Context) error) error
}{
	{"in a task", func(_ *testing.T, fn func(context.Context) error) error {
		return Run(context.Background(), fn, NoInterrupt())
	}},
	{"in a plain goroutine", func(_ *testing.T, fn func(context.Context) error) error {
		return fn(context.Background())
	}},
	{"in a goroutine with a task's context", func(_ *testing.T, fn func(context.Context) error) error {
		return Run(context.Background(), func(ctx context.Context) error {
			done := NewFuture[int]()
			go func() {
				if err := fn(ctx); err != nil {
					_ = done.SetError(err)
				} else {
					_ = done.SetResult(1)
				}
			}()
			_, err := done.Await(ctx)
			return err
		}, NoInterrupt())
	}},
	{"in a generator of a task", func(_ *testing.T, fn func(context.Context) error) error {
		return Run(context.Background(), func(ctx context.Context) error {
			g := coro.NewGenerator(func(y *coro.Yielder[int, int]) error {
				if err := fn(ctx); err != nil {
					return err
				}
				_, err := y.Yield(1)
				return err
			})
			for range g.All() {
			}
			return g.Err()
		}, NoInterrupt())
	}},
	{"in a task of another loop", func(t *testing.T, fn func(context.Context) error) error {
		return Run(context.Background(), func(ctx context.Context) error {
			result := make(chan error, 1)
			go func() { // with the context of the first loop, which does not decide
				result <- Run(context.Background(), func(context.Context) error { return fn(ctx) }, NoInterrupt())
			}()
			err, _, _ := Recv(ctx, result)
			return err
		}, NoInterrupt())
	}},
}

// awaitables are one test body for each thing that can be awaited. What wakes
// it comes from a plain goroutine.
var awaitables = []struct {
	name string
	body func(ctx context.Context) error
}{
	{"Sleep", func(ctx context.Context) error { return Sleep(ctx, time.Millisecond) }},
	{"Yield", func(ctx context.Context) error { return Yield(ctx) }},
	{"Future", func(ctx context.Context) error {
		f := NewFuture[int]()
		go f.SetResult(7)
		v, err := f.Await(ctx)
		return want(v, 7, err)
	}},
	{"Task", func(ctx context.Context) error {
		v, err := Async(ctx, returns(time.Millisecond, 7, nil)).Await(ctx)
		return want(v, 7, err)
	}},
	{"Group", func(ctx context.Context) error {
		return Group(ctx, func(ctx context.Context) error {
			Go(ctx, func(ctx context.Context) error { return Sleep(ctx, time.Millisecond) })
			return nil
		})
	}},
	{"Gather", func(ctx context.Context) error {
		results, err := Gather(ctx, returns(time.Millisecond, 7, nil))
		if err != nil {
			return err
		}
		return want(results[0].Value, 7, results[0].Err)
	}},
	{"Wait", func(ctx context.Context) error {
		done, _, err := Wait(ctx, AllCompleted, NoTimeout, Async(ctx, returns(time.Millisecond, 7, nil)))
		return want(len(done), 1, err)
	}},
	{"AsCompleted", func(ctx context.Context) error {
		n := 0
		for _, err := range AsCompleted(ctx, Async(ctx, returns(0, 1, nil)), Async(ctx, returns(0, 2, nil))) {
			if err != nil {
				return err
			}
			n++
		}
		return want(n, 2, nil)
	}},
	{"Timeout", func(ctx context.Context) error {
		err := Timeout(ctx, time.Millisecond, func(ctx context.Context) error { return Sleep(ctx, time.Hour) })
		var timeout *TimeoutError
		if !errors.As(err, &timeout) {
			return errors.Join(errTest, err)
		}
		return nil
	}},
	{"Mutex", func(ctx context.Context) error {
		var m Mutex
		if err := m.Lock(ctx); err != nil {
			return err
		}
		go m.Unlock()
		err := m.Lock(ctx)
		m.Unlock()
		return err
	}},
	{"Event", func(ctx context.Context) error {
		var e Event
		go e.Set()
		return e.Wait(ctx)
	}},
	{"Condition", func(ctx context.Context) error {
		c := NewCondition(nil)
		ready := false
		if err := c.Lock(ctx); err != nil {
			return err
		}
		defer c.Unlock()
		go func() {
			_ = c.Lock(context.Background())
			ready = true
			_ = c.NotifyAll()
			c.Unlock()
		}()
		return c.WaitFor(ctx, func() bool { return ready })
	}},
	{"Semaphore", func(ctx context.Context) error {
		s := NewSemaphore(0)
		go s.Release()
		return s.Acquire(ctx)
	}},
	{"BoundedSemaphore", func(ctx context.Context) error {
		s := NewBoundedSemaphore(1)
		if err := s.Acquire(ctx); err != nil {
			return err
		}
		go s.Release()
		return s.Acquire(ctx)
	}},
	{"Barrier", func(ctx context.Context) error {
		b := NewBarrier(2)
		other := make(chan error, 1)
		go func() { _, err := b.Wait(context.Background()); other <- err }()
		_, err := b.Wait(ctx)
		return err
	}},
	{"Queue", func(ctx context.Context) error {
		q := NewQueue[int](1)
		go q.PutNoWait(7)
		v, err := q.Get(ctx)
		return errors.Join(want(v, 7, err), q.TaskDone(), q.Join(ctx))
	}},
	{"Recv", func(ctx context.Context) error {
		ch := make(chan int)
		go func() { ch <- 7 }()
		v, ok, err := Recv(ctx, ch)
		if !ok {
			return errTest
		}
		return want(v, 7, err)
	}},
	{"Send", func(ctx context.Context) error {
		ch := make(chan int)
		go func() { <-ch }()
		return Send(ctx, ch, 7)
	}},
	{"Select", func(ctx context.Context) error {
		ch, other := make(chan int), make(chan int)
		go func() { ch <- 7 }()
		var v int
		index, err := Select(ctx, RecvCase(other, nil, nil), RecvCase(ch, &v, nil))
		return errors.Join(want(index, 1, err), want(v, 7, nil))
	}},
	{"Blocking", func(ctx context.Context) error {
		v, err := Blocking(ctx, func(context.Context) (int, error) { return 7, nil })
		return want(v, 7, err)
	}},
	{"LookupNetIP", func(ctx context.Context) error {
		addresses, err := LookupNetIP(ctx, "ip", "127.0.0.1")
		return want(len(addresses), 1, err)
	}},
}

func want(got, want int, err error) error {
	if err == nil && got != want {
		return errTest
	}
	return err
}

func TestColourless(t *testing.T) {
	for _, a := range awaitables {
		for _, p := range places {
			t.Run(a.name+" "+p.name, func(t *testing.T) {
				if err := p.run(t, a.body); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

func returns(d time.Duration, v int, err error) func(context.Context) (int, error) {
	return func(ctx context.Context) (int, error) {
		if cancelled := Sleep(ctx, d); cancelled != nil {
			return 0, cancelled
		}
		return v, err
	}
}
