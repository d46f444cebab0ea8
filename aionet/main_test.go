package aionet

import (
	"context"
	"testing"

	"github.com/goaio/aio"
	"github.com/goaio/aio/internal/leakcheck"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

// run runs fn on a loop; its error fails the test.
func run(t testing.TB, fn func(ctx context.Context) error, options ...aio.Option) {
	t.Helper()
	if err := aio.Run(context.Background(), fn, append([]aio.Option{aio.NoInterrupt()}, options...)...); err != nil {
		t.Error(err)
	}
}
