package aio

import (
	"context"
	"iter"
)

// AsCompleted ranges over tasks and futures as they complete, each once. A
// cancel of ctx ends the range with a [*CancelledError] and leaves the rest
// alone.
//
//	for task, err := range aio.AsCompleted(ctx, tasks...) {
//		if err != nil {
//			return err
//		}
//		price, err := task.Result()
//		…
//	}
func AsCompleted[A Awaitable](ctx context.Context, awaitables ...A) iter.Seq2[A, error] {
	return func(yield func(A, error) bool) {
		all := distinct(awaitables)
		completed := NewQueue[A](0)
		for _, a := range all {
			defer a.AddDoneCallback(func() { _ = completed.PutNoWait(a) })()
		}
		for range all {
			a, err := completed.Get(ctx)
			if !yield(a, err) || err != nil {
				return
			}
		}
	}
}
