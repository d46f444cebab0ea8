package aiotest_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aiotest"
	"github.com/goaio/aio/loop"
)

// retry calls fn until it succeeds, an hour apart.
func retry(ctx context.Context, fn func() error) error {
	for fn() != nil {
		if err := aio.Sleep(ctx, time.Hour); err != nil {
			return err
		}
	}
	return nil
}

func ExampleRun() {
	// func TestRetry(t *testing.T) {
	var t testing.TB = exampleTB{}
	aiotest.Run(t, func(ctx context.Context) {
		start, calls := loop.Of(ctx).Now(), 0
		err := retry(ctx, func() error {
			if calls++; calls < 3 {
				return errors.New("not yet")
			}
			return nil
		})
		fmt.Println(calls, loop.Of(ctx).Now().Sub(start), err)
	})
	// Output: 3 2h0m0s <nil>
}

// exampleTB stands in for the t of a test, which an example has not.
type exampleTB struct{ testing.TB }

func (exampleTB) Helper()      {}
func (exampleTB) Name() string { return "TestRetry" }
func (exampleTB) Failed() bool { return false }
