package aio

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/goaio/aio/loop"
)

// atBarrier starts a task that waits at b and logs what came of it.
func atBarrier(ctx context.Context, b *Barrier, name string, log *lines) *Task[struct{}] {
	return Go(ctx, func(ctx context.Context) error {
		index, err := b.Wait(ctx)
		if err != nil {
			log.log(name + " " + barrierError(err))
			return err
		}
		log.log(fmt.Sprint(name, " ", index))
		return nil
	})
}

func barrierError(err error) string {
	switch {
	case errors.Is(err, ErrBrokenBarrier):
		return "broken"
	case IsCancelled(err):
		return "cancelled"
	}
	return err.Error()
}

func TestBarrierLetsAllGoAtOnce(t *testing.T) {
	b := NewBarrier(3)
	var log lines
	virtually(t, func(ctx context.Context) error {
		for _, name := range []string{"a", "b"} {
			atBarrier(ctx, b, name, &log)
		}
		_ = Yield(ctx)
		if b.Waiting() != 2 || b.Parties() != 3 || b.Broken() {
			t.Errorf("%d of %d wait", b.Waiting(), b.Parties())
		}
		_, err := atBarrier(ctx, b, "c", &log).Await(ctx)
		if b.Waiting() != 0 {
			t.Errorf("%d wait", b.Waiting())
		}
		_ = Yield(ctx)
		_ = Yield(ctx)
		return err
	})
	log.want(t, "c 2", "a 0", "b 1")
}

func TestBarrierOfOneNeverWaits(t *testing.T) {
	b := NewBarrier(1)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for range 3 {
		if index, err := b.Wait(ctx); index != 0 || err != nil {
			t.Errorf("got %d, %v", index, err)
		}
	}
}

func TestBarrierGoesOnWithoutWhoIsCancelled(t *testing.T) {
	b := NewBarrier(2)
	var log lines
	virtually(t, func(ctx context.Context) error {
		a := atBarrier(ctx, b, "a", &log)
		_ = Yield(ctx)
		a.Cancel(nil)
		_, _ = a.Await(ctx)
		if b.Waiting() != 0 {
			t.Errorf("%d wait", b.Waiting())
		}
		atBarrier(ctx, b, "b", &log)
		_ = Yield(ctx)
		_, err := atBarrier(ctx, b, "c", &log).Await(ctx)
		_ = Yield(ctx)
		return err
	})
	log.want(t, "a cancelled", "c 1", "b 0")
}

func TestBarrierThatHasOpenedHoldsNobodyUp(t *testing.T) {
	b := NewBarrier(3)
	var log lines
	virtually(t, func(ctx context.Context) error {
		a, c := atBarrier(ctx, b, "a", &log), atBarrier(ctx, b, "c", &log)
		_ = Yield(ctx)
		if _, err := b.Wait(ctx); err != nil {
			return err
		}
		a.Cancel(nil) // its wake-up is in
		_, err := a.Await(ctx)
		_, another := c.Await(ctx)
		return errors.Join(err, another)
	})
	log.want(t, "a 0", "c 1")
}

func TestBarrierBreaks(t *testing.T) {
	b := NewBarrier(3)
	var log lines
	virtually(t, func(ctx context.Context) error {
		a := atBarrier(ctx, b, "a", &log)
		_ = Yield(ctx)
		if err := b.Abort(ctx); err != nil {
			return err
		}
		_, _ = a.Await(ctx)
		if !b.Broken() || b.Waiting() != 0 {
			t.Error("it is whole")
		}
		_, _ = atBarrier(ctx, b, "late", &log).Await(ctx)
		if err := b.Reset(ctx); err != nil || b.Broken() {
			t.Errorf("still broken, %v", err)
		}
		atBarrier(ctx, b, "b", &log)
		atBarrier(ctx, b, "c", &log)
		_, err := atBarrier(ctx, b, "d", &log).Await(ctx)
		_ = Yield(ctx)
		_ = Yield(ctx)
		return err
	})
	log.want(t, "a broken", "late broken", "d 2", "b 0", "c 1")
}

func TestBarrierResetSendsAwayWhoWaits(t *testing.T) {
	b := NewBarrier(2)
	var log lines
	virtually(t, func(ctx context.Context) error {
		a := atBarrier(ctx, b, "a", &log)
		_ = Yield(ctx)
		// These come right after the reset, before a can leave, and wait for that.
		_ = b.condition.Lock(ctx)
		reset := Go(ctx, b.Reset)
		c := atBarrier(ctx, b, "c", &log)
		d := atBarrier(ctx, b, "d", &log)
		_ = Yield(ctx)
		b.condition.Unlock()
		if _, err := reset.Await(ctx); err != nil {
			return err
		}
		_, _ = a.Await(ctx)
		_, err := c.Await(ctx)
		_, another := d.Await(ctx)
		return errors.Join(err, another)
	})
	log.want(t, "a broken", "d 1", "c 0")
}

func TestBarrierResetAndAbortCanBeCancelled(t *testing.T) {
	for name, change := range map[string]func(*Barrier, context.Context) error{"reset": (*Barrier).Reset, "abort": (*Barrier).Abort} {
		b := NewBarrier(2)
		_ = b.condition.Lock(context.Background())
		virtually(t, func(ctx context.Context) error {
			a := Go(ctx, func(ctx context.Context) error { return change(b, ctx) })
			w := Go(ctx, func(ctx context.Context) error { _, err := b.Wait(ctx); return err })
			_ = Yield(ctx)
			a.Cancel(nil)
			w.Cancel(nil)
			if _, err := a.Await(ctx); !IsCancelled(err) || b.Broken() {
				t.Errorf("%s: got %v", name, err)
			}
			if _, err := w.Await(ctx); !IsCancelled(err) || b.Waiting() != 0 {
				t.Errorf("wait: got %v", err)
			}
			b.condition.Unlock()
			return nil
		})
	}
}

func TestBarrierForNobodyPanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	NewBarrier(0)
}

func TestBarrierOfAClosedLoopCountsItsTasksNoMore(t *testing.T) {
	b := NewBarrier(3)
	var log lines
	l, err := loop.New(loop.Options{Driver: "simulated"})
	if err != nil {
		t.Fatal(err)
	}
	ctx := loop.Carry(context.Background(), l, nil)
	atBarrier(ctx, b, "a", &log)
	atBarrier(ctx, b, "b", &log)
	l.Stop()
	if err := l.RunForever(); err != nil {
		t.Fatal(err)
	}
	// Somebody has the lock, so those who are unwound cannot.
	_ = b.condition.Lock(context.Background())
	if err := l.Close(); !errors.Is(err, loop.ErrAbandoned) {
		t.Errorf("close: %v", err)
	}
	if b.Waiting() != 0 || !b.condition.Locked() {
		t.Errorf("%d wait; locked: %v", b.Waiting(), b.condition.Locked())
	}
	b.condition.Unlock()
	log.want(t)
}

func TestBarrierMeetsEverywhere(t *testing.T) {
	const times = 20
	b := NewBarrier(callersEverywhere)
	var indexes [times][callersEverywhere]atomic.Int32
	var meeting atomic.Int32
	everywhere(t, func(ctx context.Context, i int) error {
		for round := range times {
			index, err := b.Wait(ctx)
			if err != nil {
				return err
			}
			indexes[round][index].Add(1)
			meeting.Add(1)
			if _, err = b.Wait(ctx); err != nil {
				return err
			}
			if n := meeting.Load(); n < int32(callersEverywhere*(round+1)) {
				t.Errorf("round %d: only %d came", round, n)
			}
		}
		return nil
	})
	for round := range indexes {
		for index := range indexes[round] {
			if n := indexes[round][index].Load(); n != 1 {
				t.Fatalf("round %d: index %d given %d times", round, index, n)
			}
		}
	}
}
