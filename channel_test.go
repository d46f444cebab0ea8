package aio

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestAReceiveDoesNotStopTheLoop(t *testing.T) {
	virtually(t, func(ctx context.Context) error {
		ch := make(chan int)
		// The sender is a task of the same loop: were the loop stopped, it could
		// not send.
		sender := Go(ctx, func(ctx context.Context) error { return Send(ctx, ch, 7) })
		v, ok, err := Recv(ctx, ch)
		if v != 7 || !ok {
			t.Errorf("got %d, %v", v, ok)
		}
		_, sent := sender.Await(ctx)
		return errors.Join(err, sent)
	}, keepIdle())
}

// keepIdle is for tests in which a goroutine wakes the loop that virtual time
// does not know of: they run on the real driver.
func keepIdle() Option { return Driver("") }

func TestReceiveFromAClosedChannel(t *testing.T) {
	virtually(t, func(ctx context.Context) error {
		ch := make(chan int, 1)
		ch <- 7
		close(ch)
		if v, ok, err := Recv(ctx, ch); v != 7 || !ok || err != nil {
			t.Errorf("got %d, %v, %v", v, ok, err)
		}
		if _, ok, err := Recv(ctx, ch); ok || err != nil {
			t.Errorf("got %v, %v", ok, err)
		}
		return nil
	})
}

func TestACancelledReceiveTakesNothing(t *testing.T) {
	virtually(t, func(ctx context.Context) error {
		ch := make(chan int)
		err := Timeout(ctx, time.Millisecond, func(ctx context.Context) error {
			_, _, err := Recv(ctx, ch)
			return err
		})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		select {
		case ch <- 1:
			t.Error("somebody still receives")
		default:
		}
		return nil
	}, keepIdle())
}

// However a cancel and a value meet, the value is received or still there.
func TestNothingIsLostWhenACancelMeetsAValue(t *testing.T) {
	virtually(t, func(ctx context.Context) error {
		for range 300 {
			ch := make(chan int, 1)
			got := 0
			receiver := Go(ctx, func(ctx context.Context) error {
				v, _, err := Recv(ctx, ch)
				got = v
				return err
			})
			if err := Yield(ctx); err != nil {
				return err
			}
			go func() { ch <- 7 }()
			receiver.Cancel(nil)
			_, err := receiver.Await(ctx)
			if left := <-merge(ch, err != nil); left+got != 7 {
				t.Fatalf("got %d, left %d, %v", got, left, err)
			}
		}
		return nil
	}, keepIdle())
}

// merge returns a channel with what ch will hold, or 0 if it was received.
func merge(ch chan int, left bool) <-chan int {
	if left {
		return ch
	}
	zero := make(chan int, 1)
	zero <- 0
	return zero
}

func TestSendToAClosedChannelPanicsInTheCaller(t *testing.T) {
	virtually(t, func(ctx context.Context) error {
		ch := make(chan int)
		close(ch)
		defer func() {
			if recover() == nil {
				t.Error("no panic")
			}
		}()
		return Send(ctx, ch, 1)
	}, keepIdle())
}

func TestSelectChoosesWhatIsReady(t *testing.T) {
	virtually(t, func(ctx context.Context) error {
		full, empty := make(chan int, 1), make(chan int)
		full <- 7
		var v int
		var ok bool
		index, err := Select(ctx, SendCase(empty, 1), RecvCase(full, &v, &ok))
		if index != 1 || v != 7 || !ok || err != nil {
			t.Errorf("got case %d, %d, %v, %v", index, v, ok, err)
		}
		err = Timeout(ctx, time.Millisecond, func(ctx context.Context) error {
			_, err := Select(ctx, RecvCase(empty, nil, nil))
			return err
		})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		return nil
	}, keepIdle())
}
