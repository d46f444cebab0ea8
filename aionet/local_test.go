package aionet

import (
	"context"
	"fmt"
	"testing"

	"github.com/goaio/aio"
	"github.com/goaio/aio/loop"
)

func TestLocal(t *testing.T) {
	counters := NewLocal(func(*loop.Loop) *int { return new(int) })
	count := func(ctx context.Context) error {
		for range 10 {
			aio.Go(ctx, func(context.Context) error { *counters.Get()++; return nil })
		}
		for range 3 {
			_ = aio.Yield(ctx)
		}
		if n := *counters.Get(); n != 10 {
			return fmt.Errorf("counted %d", n)
		}
		return nil
	}
	run(t, count)
	run(t, count) // another loop has another counter
	defer func() {
		if recover() == nil {
			t.Error("a plain goroutine got a value")
		}
	}()
	counters.Get()
}
