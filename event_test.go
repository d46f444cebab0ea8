package aio

import (
	"context"
	"testing"
)

func TestEventWakesAllInOrder(t *testing.T) {
	var e Event
	var log lines
	virtually(t, func(ctx context.Context) error {
		var waiting []*Task[struct{}]
		for _, name := range []string{"a", "b", "c"} {
			waiting = append(waiting, Go(ctx, func(ctx context.Context) error {
				err := e.Wait(ctx)
				log.log(name)
				return err
			}))
		}
		_ = Yield(ctx)
		e.Set()
		e.Clear() // too late for those who wait
		log.log("set")
		for _, w := range waiting {
			if _, err := w.Await(ctx); err != nil {
				return err
			}
		}
		return nil
	})
	log.want(t, "set", "a", "b", "c")
	if e.IsSet() {
		t.Error("it is set")
	}
}

func TestEventThatIsSetIgnoresTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var e Event
	e.Set()
	e.Set()
	if err := e.Wait(ctx); err != nil || !e.IsSet() {
		t.Errorf("got %v", err)
	}
	e.Clear()
	if err := e.Wait(ctx); !IsCancelled(err) {
		t.Errorf("got %v", err)
	}
}

func TestEventReachesEverywhere(t *testing.T) {
	var e, all Event
	var m Mutex
	waiting := 0
	everywhere(t, func(ctx context.Context, i int) error {
		if i%4 == 0 {
			_ = e.Wait(soonCancelled(ctx))
		}
		if err := m.Lock(ctx); err != nil {
			return err
		}
		if waiting++; waiting == callersEverywhere {
			e.Set()
		}
		m.Unlock()
		if err := e.Wait(ctx); err != nil {
			return err
		}
		if err := m.Lock(ctx); err != nil {
			return err
		}
		if waiting--; waiting == 0 {
			all.Set()
		}
		m.Unlock()
		return all.Wait(ctx)
	})
	if waiting != 0 || e.waiters.First() != nil {
		t.Errorf("%d wait", waiting)
	}
}
