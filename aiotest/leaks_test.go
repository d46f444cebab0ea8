package aiotest

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/loop"
)

// leftBehind does not wait long, for something is expected to be left.
func leftBehind(before map[int64]bool) []string { return settleFor(before, 10*time.Millisecond) }

func TestATaskThatIsLeftBehindIsNamed(t *testing.T) {
	t.Setenv("AIO_DEBUG", "") // debug mode has a goroutine that watches
	before := existing()
	stop, ended := aio.NewFuture[int](), make(chan error)
	suspended := make(chan struct{})
	go func() {
		ended <- aio.Run(context.Background(), func(ctx context.Context) error {
			// Tasks that end, and leave their coroutines in the pool.
			if err := aio.Group(ctx, func(ctx context.Context) error {
				for range 10 {
					aio.Go(ctx, func(ctx context.Context) error { return aio.Yield(ctx) })
				}
				return nil
			}); err != nil {
				return err
			}
			loop.Current().CallSoon(func() { close(suspended) })
			_, err := stop.Await(ctx)
			return err
		}, aio.NoInterrupt())
	}()
	<-suspended
	left := leftBehind(before)
	if len(left) != 2 || !strings.Contains(strings.Join(left, ""), "main waits for aio.Future.Await") {
		t.Errorf("want the loop's goroutine and its task, got %d:\n%s", len(left), strings.Join(left, "\n\n"))
	}
	if err := stop.SetResult(1); err != nil {
		t.Error(err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if left := settle(before); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// Of a loop that is kept, its coroutines without a task are no leak.
func TestPooledCoroutinesAreNoLeak(t *testing.T) {
	before := existing()
	l, err := loop.New(loop.Options{})
	if err != nil {
		t.Fatal(err)
	}
	task := aio.Go(loop.Carry(context.Background(), l, nil), func(ctx context.Context) error { return aio.Yield(ctx) })
	if err := l.RunUntilComplete(task); err != nil {
		t.Fatal(err)
	}
	if left := leftBehind(before); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

func TestVerifyMain(t *testing.T) {
	if code := verifyMain(func() int { return 3 }); code != 3 {
		t.Errorf("the code of failed tests is %d", code)
	}
	if code := verifyMain(func() int { return 0 }); code != 0 {
		t.Errorf("the code is %d", code)
	}
}
