package loop

import (
	"context"
	"testing"

	"github.com/goaio/aio/internal/leakcheck"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

// body makes a task's body of a function.
type body func(ctx context.Context) error

func (b body) Run(ctx context.Context) error { return b(ctx) }

// newLoop returns a loop under virtual time that is closed at the test's end.
func newLoop(t testing.TB, options ...func(*Options)) *Loop {
	t.Helper()
	o := Options{Driver: "simulated"}
	for _, option := range options {
		option(&o)
	}
	l, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return l
}

// start starts fn as a task of l.
func start(l *Loop, fn func(ctx context.Context) error) *Task {
	t := &Task{}
	Start(l, t, context.Background(), body(fn))
	return t
}

// run runs fn as a task of a new loop under virtual time.
func run(t testing.TB, fn func(ctx context.Context) error) {
	t.Helper()
	l := newLoop(t)
	if err := l.RunUntilComplete(start(l, fn)); err != nil {
		t.Error(err)
	}
}
