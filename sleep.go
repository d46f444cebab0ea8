package aio

import (
	"context"
	"time"

	"github.com/goaio/aio/loop"
)

// Sleep suspends the task, or blocks the goroutine, for d; zero or less is a
// [Yield]. Time is that of the loop: the caller's own, or the one that ctx
// belongs to. A cancel ends the sleep early with a [*CancelledError].
func Sleep(ctx context.Context, d time.Duration) error { return loop.Sleep(ctx, d) }

// Yield lets everything run that is ready: the task goes on in the next round.
// A plain goroutine yields the processor. It returns a [*CancelledError] if ctx
// was cancelled, before or meanwhile.
func Yield(ctx context.Context) error { return loop.Yield(ctx) }
