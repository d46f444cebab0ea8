package aio_test

import (
	"context"
	"testing"
	"time"

	. "github.com/goaio/aio"
	"github.com/goaio/aio/aiotest"
	"github.com/goaio/aio/loop"
)

// A context that is derived inside of a task is cancelled from elsewhere while
// a group or a timeout with it ends. That is no cancel of the task: what comes
// after does not hear of it.
func TestCancelOfADerivedContextStaysInItsScope(t *testing.T) {
	scopes := map[string]func(context.Context, func(context.Context) error) error{
		"group":   Group,
		"timeout": func(ctx context.Context, fn func(context.Context) error) error { return Timeout(ctx, time.Hour, fn) },
	}
	endings := map[string]func(outer, inner context.Context) error{
		"after the end":     func(context.Context, context.Context) error { return nil },
		"in another await":  func(outer, _ context.Context) error { return Sleep(outer, time.Second) },
		"in an await of it": func(_, inner context.Context) error { _ = Sleep(inner, time.Second); return nil },
	}
	for scope, enter := range scopes {
		for ending, end := range endings {
			t.Run(scope+" "+ending, func(t *testing.T) {
				aiotest.Run(t, func(ctx context.Context) {
					for range 10 {
						derived, cancel := context.WithCancel(ctx)
						if err := enter(derived, func(inner context.Context) error {
							cancel()
							time.Sleep(time.Millisecond) // for package context tells of it on a goroutine
							return end(ctx, inner)
						}); err != nil && !IsCancelled(err) {
							t.Fatal(err)
						}
						for range 3 {
							if err := Yield(ctx); err != nil {
								t.Fatalf("the task heard of it: %v", err)
							}
						}
						if n := loop.CurrentTask().Cancelling(); n != 0 {
							t.Fatalf("%d requests to cancel the task are left", n)
						}
					}
				})
			})
		}
	}
}

func TestCleanupWithADerivedContextThatWasCancelled(t *testing.T) {
	aiotest.Run(t, func(ctx context.Context) {
		derived, cancel := context.WithCancel(ctx)
		cancel()
		if err := Cleanup(derived, time.Hour, func(ctx context.Context) error {
			time.Sleep(time.Millisecond)
			return Sleep(ctx, time.Minute)
		}); err != nil {
			t.Error(err)
		}
		if err := Yield(ctx); err != nil {
			t.Error(err)
		}
	})
}
