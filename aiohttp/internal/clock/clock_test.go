//go:build unix && !aix

package clock

import (
	"context"
	"testing"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aiotest"
	"github.com/goaio/aio/internal/leakcheck"
	"github.com/goaio/aio/loop"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

func TestVirtual(t *testing.T) {
	aiotest.Run(t, func(ctx context.Context) {
		begun := Now()
		var fired []time.Duration
		var timer *Timer
		timer = AfterFunc(time.Hour, func() {
			if fired = append(fired, Now().Sub(begun)); len(fired) < 3 {
				timer.Reset(time.Minute)
			}
		})
		stopped := AfterFunc(time.Minute, func() { t.Error("it was stopped") })
		stopped.Stop()
		if left := time.Until(Deadline(begun.Add(time.Hour))); left < 59*time.Minute || left > time.Hour {
			t.Errorf("%v until the deadline", left)
		}
		if err := aio.Sleep(ctx, 2*time.Hour); err != nil {
			t.Fatal(err)
		}
		if len(fired) != 3 || fired[0] != time.Hour || fired[2] != time.Hour+2*time.Minute {
			t.Errorf("it fired after %v", fired)
		}
		if !Now().Equal(loop.Of(ctx).Now()) {
			t.Error(Now())
		}
	})
}

func TestSystem(t *testing.T) {
	at := time.Now().Add(time.Hour)
	if !Deadline(at).Equal(at) {
		t.Error(Deadline(at))
	}
	fired := make(chan struct{})
	timer := AfterFunc(time.Hour, func() { close(fired) })
	timer.Stop()
	timer.Reset(0)
	<-fired
	err := aio.Run(context.Background(), func(ctx context.Context) error {
		fired = make(chan struct{})
		defer AfterFunc(0, func() { close(fired) }).Stop()
		_, _, err := aio.Recv(ctx, fired)
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
