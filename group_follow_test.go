package aio_test

import (
	"context"
	"testing"
	"time"

	"github.com/goaio/aio"
)

// A context that has ended tells a group's scope from another goroutine, while the
// group is being opened.
func TestGroupWithAContextThatEndsMeanwhile(t *testing.T) {
	err := aio.Run(t.Context(), func(ctx context.Context) error {
		for range 200 {
			ended, cancel := context.WithCancel(ctx)
			go cancel()
			err := aio.Group(ended, func(ctx context.Context) error {
				return aio.Sleep(ctx, time.Hour)
			})
			if !aio.IsCancelled(err) {
				t.Errorf("the group returned %v", err)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
