package aio

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/goaio/aio/internal/leakcheck"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

var errTest = errors.New("test")

// virtually runs main on a loop under virtual time; its error fails the test.
func virtually(t testing.TB, main func(ctx context.Context) error, options ...Option) {
	t.Helper()
	if err := Run(context.Background(), main, append([]Option{Driver("simulated"), NoInterrupt()}, options...)...); err != nil {
		t.Error(err)
	}
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
