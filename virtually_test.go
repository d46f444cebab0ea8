package aio_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	. "github.com/goaio/aio"
	"github.com/goaio/aio/aiotest"
)

var errTest = errors.New("test")

// virtually runs main as aiotest.Run does; its error fails the test.
func virtually(t testing.TB, main func(ctx context.Context) error, options ...Option) {
	t.Helper()
	aiotest.Run(t, func(ctx context.Context) {
		if err := main(ctx); err != nil {
			t.Error(err)
		}
	}, aiotest.With(options...))
}

// lines collects what tasks of one loop log.
type lines []string

func (l *lines) log(text string) { *l = append(*l, text) }

func (l *lines) want(t *testing.T, texts ...string) {
	t.Helper()
	if !slices.Equal(*l, texts) {
		t.Errorf("got %q, want %q", *l, texts)
	}
}
