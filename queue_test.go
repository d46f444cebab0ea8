package aio

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
)

func TestQueueServesInOrder(t *testing.T) {
	q := NewQueue[int](0)
	var log lines
	virtually(t, func(ctx context.Context) error {
		var last *Task[struct{}]
		for _, name := range []string{"a", "b", "c"} {
			last = Go(ctx, func(ctx context.Context) error {
				item, err := q.Get(ctx)
				log.log(name + strconv.Itoa(item))
				return err
			})
		}
		_ = Yield(ctx)
		for i := range 3 {
			if err := q.Put(ctx, i); err != nil {
				return err
			}
		}
		_, err := last.Await(ctx)
		return err
	})
	log.want(t, "a0", "b1", "c2")
}

func TestQueuePutWaitsForAPlace(t *testing.T) {
	q := NewQueue[int](2)
	var log lines
	virtually(t, func(ctx context.Context) error {
		putter := Go(ctx, func(ctx context.Context) error {
			for i := range 5 {
				if err := q.Put(ctx, i); err != nil {
					return err
				}
				log.log("put " + strconv.Itoa(i))
			}
			return nil
		})
		_ = Yield(ctx)
		if !q.Full() || q.Len() != 2 || q.PutNoWait(9) != ErrQueueFull {
			t.Errorf("%d items", q.Len())
		}
		for range 5 {
			item, err := q.Get(ctx)
			if err != nil {
				return err
			}
			log.log("got " + strconv.Itoa(item))
			_ = Yield(ctx)
		}
		if _, err := q.GetNoWait(); err != ErrQueueEmpty || !q.Empty() {
			t.Errorf("got %v", err)
		}
		return putter.Err()
	})
	log.want(t, "put 0", "put 1", "got 0", "put 2", "got 1", "put 3", "got 2", "put 4", "got 3", "got 4")
}

func TestQueueThatNeedNotWaitIgnoresTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	q := NewQueue[int](1)
	if err := q.Join(ctx); err != nil {
		t.Error(err)
	}
	if err := q.Put(ctx, 1); err != nil {
		t.Error(err)
	}
	if err := q.Put(ctx, 2); !IsCancelled(err) {
		t.Errorf("put: %v", err)
	}
	if err := q.Join(ctx); !IsCancelled(err) {
		t.Errorf("join: %v", err)
	}
	if item, err := q.Get(ctx); item != 1 || err != nil {
		t.Errorf("got %d, %v", item, err)
	}
	if _, err := q.Get(ctx); !IsCancelled(err) {
		t.Errorf("get: %v", err)
	}
}

func TestQueueJoinWaitsForTaskDone(t *testing.T) {
	q := NewQueue[int](0)
	virtually(t, func(ctx context.Context) error {
		for i := range 2 {
			_ = q.Put(ctx, i)
		}
		joined := Go(ctx, q.Join)
		for range 2 {
			_ = Yield(ctx)
			if joined.Completed() {
				t.Error("too early")
			}
			_, _ = q.Get(ctx)
			if err := q.TaskDone(); err != nil {
				return err
			}
		}
		_, err := joined.Await(ctx)
		return err
	})
	if err := q.TaskDone(); err != ErrTaskDoneTooOften {
		t.Errorf("got %v", err)
	}
}

func TestQueueShutdownLetsWhatIsLeftOut(t *testing.T) {
	q := NewQueue[int](1)
	virtually(t, func(ctx context.Context) error {
		_ = q.Put(ctx, 1)
		var putters []*Task[struct{}]
		for range 2 {
			putters = append(putters, Go(ctx, func(ctx context.Context) error { return q.Put(ctx, 2) }))
		}
		joined := Go(ctx, q.Join)
		_ = Yield(ctx)
		q.Shutdown(false)
		for _, p := range putters {
			if _, err := p.Await(ctx); err != ErrQueueShutdown {
				t.Errorf("put: %v", err)
			}
		}
		if item, err := q.Get(ctx); item != 1 || err != nil {
			t.Errorf("got %d, %v", item, err)
		}
		if _, err := q.Get(ctx); err != ErrQueueShutdown {
			t.Errorf("get: %v", err)
		}
		if _, err := q.GetNoWait(); err != ErrQueueShutdown {
			t.Errorf("get: %v", err)
		}
		if err := q.PutNoWait(1); err != ErrQueueShutdown {
			t.Errorf("put: %v", err)
		}
		_ = q.TaskDone()
		_, err := joined.Await(ctx)
		return err
	})
}

func TestQueueShutdownWakesAllWhoGet(t *testing.T) {
	for _, immediate := range []bool{false, true} {
		q := NewQueue[int](1)
		virtually(t, func(ctx context.Context) error {
			var getters []*Task[int]
			for range 3 {
				getters = append(getters, Async(ctx, q.Get))
			}
			_ = Yield(ctx)
			q.Shutdown(immediate)
			for _, g := range getters {
				if _, err := g.Await(ctx); err != ErrQueueShutdown {
					t.Errorf("get: %v", err)
				}
			}
			return nil
		})
	}
}

func TestQueueShutdownAtOnceDropsWhatIsLeft(t *testing.T) {
	for name, q := range map[string]*Queue[int]{
		"first in, first out": NewQueue[int](2),
		"last in, first out":  NewLIFOQueue[int](2),
		"priority":            NewPriorityQueue(2, func(a, b int) bool { return a < b }),
	} {
		t.Run(name, func(t *testing.T) {
			virtually(t, func(ctx context.Context) error {
				_ = q.Put(ctx, 1)
				_ = q.Put(ctx, 2)
				putter := Go(ctx, func(ctx context.Context) error { return q.Put(ctx, 3) })
				joined := Go(ctx, q.Join)
				_ = Yield(ctx)
				q.Shutdown(false)
				q.Shutdown(true)
				if q.Len() != 0 {
					t.Errorf("%d items are left", q.Len())
				}
				if _, err := q.Get(ctx); err != ErrQueueShutdown {
					t.Errorf("get: %v", err)
				}
				if _, err := putter.Await(ctx); err != ErrQueueShutdown {
					t.Errorf("put: %v", err)
				}
				_, err := joined.Await(ctx)
				return err
			})
		})
	}
}

func TestQueueShutdownAtOnceStillWaitsForWorkInHand(t *testing.T) {
	q := NewQueue[int](0)
	virtually(t, func(ctx context.Context) error {
		_ = q.Put(ctx, 1)
		_ = q.Put(ctx, 2)
		_, _ = q.Get(ctx)
		joined := Go(ctx, q.Join)
		_ = Yield(ctx)
		q.Shutdown(true)
		_ = Yield(ctx)
		if joined.Completed() {
			t.Error("an item is in hand")
		}
		if err := q.TaskDone(); err != nil {
			t.Error(err)
		}
		_, err := joined.Await(ctx)
		return err
	})
}

func TestQueueAll(t *testing.T) {
	q := NewQueue[int](0)
	virtually(t, func(ctx context.Context) error {
		var got []int
		consumer := Go(ctx, func(ctx context.Context) error {
			for item, err := range q.All(ctx) {
				if err != nil {
					return err
				}
				got = append(got, item)
			}
			return nil
		})
		for i := range 3 {
			_ = q.Put(ctx, i)
			_ = Yield(ctx)
		}
		q.Shutdown(false)
		_, err := consumer.Await(ctx)
		if !slices.Equal(got, []int{0, 1, 2}) {
			t.Errorf("got %v", got)
		}
		return err
	})
}

func TestQueueAllEndsWithACancel(t *testing.T) {
	q := NewQueue[int](0)
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(ErrQueueShutdown) // as a cause it is a cancel, not the queue's end
	_ = q.PutNoWait(7)
	var items []int
	var last error
	for item, err := range q.All(ctx) {
		items = append(items, item)
		last = err
	}
	if !slices.Equal(items, []int{7, 0}) || !IsCancelled(last) {
		t.Errorf("got %v, %v", items, last)
	}
	_ = q.PutNoWait(8)
	for range q.All(context.Background()) {
		break
	}
	if q.Len() != 0 {
		t.Error("the range took nothing")
	}
}

func TestQueueAllocatesNothing(t *testing.T) {
	for name, q := range map[string]*Queue[int]{
		"first in, first out": NewQueue[int](0),
		"last in, first out":  NewLIFOQueue[int](0),
		"priority":            NewPriorityQueue(0, func(a, b int) bool { return a < b }),
	} {
		for i := range 20 {
			_ = q.PutNoWait(i)
		}
		if n := testing.AllocsPerRun(100, func() {
			_ = q.Put(context.Background(), 1)
			_, _ = q.Get(context.Background())
		}); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func TestQueueHandoverAllocatesNothing(t *testing.T) {
	t.Setenv("AIO_DEBUG", "") // debug mode allocates for what it keeps
	virtually(t, func(ctx context.Context) error {
		to, back := NewQueue[int](0), NewQueue[int](0)
		Go(ctx, func(ctx context.Context) error {
			for item := range to.All(ctx) {
				_ = back.Put(ctx, item)
			}
			return nil
		})
		if n := testing.AllocsPerRun(100, func() {
			_ = to.Put(ctx, 1)
			_, _ = back.Get(ctx)
		}); n != 0 {
			t.Errorf("%v allocations", n)
		}
		to.Shutdown(false)
		return nil
	})
}

// Half of the callers put, half get; each item must come out exactly once.
func TestQueueConservesItemsEverywhere(t *testing.T) {
	const times = 40
	for name, q := range map[string]*Queue[int]{
		"bounded":   NewQueue[int](3),
		"unbounded": NewQueue[int](0),
		"priority":  NewPriorityQueue(5, func(a, b int) bool { return a < b }),
	} {
		t.Run(name, func(t *testing.T) {
			var taken [callersEverywhere * times]atomic.Int32
			var putters atomic.Int32
			putters.Store(callersEverywhere / 2)
			everywhere(t, func(ctx context.Context, i int) error {
				if i%2 == 0 {
					defer func() {
						if putters.Add(-1) == 0 {
							q.Shutdown(false)
						}
					}()
					for j := range times {
						err := errors.New("not yet")
						for turn := soonCancelled(ctx); err != nil; turn = ctx {
							if err = q.Put(turn, i*times+j); err != nil && !IsCancelled(err) {
								return err
							}
						}
					}
					return nil
				}
				for turn := soonCancelled(ctx); ; turn = ctx {
					for item, err := range q.All(turn) {
						if err != nil {
							break
						}
						taken[item].Add(1)
						if err := q.TaskDone(); err != nil {
							return err
						}
					}
					if turn == ctx {
						return nil
					}
				}
			})
			for i := range taken {
				if n := taken[i].Load(); n != int32(1-i/times%2) {
					t.Fatalf("item %d came out %d times", i, n)
				}
			}
			if err := q.Join(context.Background()); err != nil {
				t.Error(err)
			}
			if q.getters.First() != nil || q.putters.First() != nil || q.joiners.First() != nil {
				t.Error("somebody waits still")
			}
		})
	}
}
