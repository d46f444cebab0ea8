package loop

import (
	"context"
	"runtime"
	"time"
)

func yieldGoroutine(ctx context.Context) error {
	runtime.Gosched()
	if ctx != nil && ctx.Err() != nil {
		return cancelledBy(ctx)
	}
	return nil
}

func sleepGoroutine(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return yieldGoroutine(ctx)
	}
	if l := Of(ctx); l != nil && l.virtual {
		w := newGoroutineWaiter()
		h := l.CallLater(d, func() { w.Wake() })
		if err := w.Wait(ctx); err != nil {
			h.Cancel()
			return err
		}
		return nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return cancelledBy(ctx)
	}
}
