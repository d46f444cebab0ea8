package loop

import (
	"context"
	"strings"
	"testing"

	"github.com/goaio/aio/coro"
)

func TestWhere(t *testing.T) {
	l := newLoop(t)
	var never Future
	want := func(task *Task, text string) {
		t.Helper()
		if where := task.Where(); !strings.HasPrefix(where, text) {
			t.Errorf("got %q, want %q", where, text)
		}
	}
	waiting := start(l, func(ctx context.Context) error {
		err, _ := never.Wait(ctx)
		return err
	})
	want(waiting, "not started")
	generating := start(l, func(context.Context) error {
		g := coro.NewGenerator(func(y *coro.Yielder[int, int]) error {
			err, _ := never.Wait(context.Background())
			return err
		})
		if _, err := g.Next(); err != coro.ErrStopIteration {
			return err
		}
		return nil
	})
	ended := start(l, func(context.Context) error { return nil })
	l.Stop()
	if err := l.RunForever(); err != nil {
		t.Fatal(err)
	}
	for range 3 { // a look changes nothing
		want(waiting, "loop.(*Future).Wait at where_test.go:")
		want(generating, "coro.(*Generator).Next at where_test.go:")
		want(ended, "ended")
	}
	asked := start(l, func(context.Context) error {
		want(CurrentTask(), "running")
		want(waiting, "loop.(*Future).Wait at where_test.go:")
		return nil
	})
	if err := l.RunUntilComplete(asked); err != nil {
		t.Fatal(err)
	}
	never.Complete(nil, nil)
	for _, task := range []*Task{waiting, generating} {
		if err := l.RunUntilComplete(task); err != nil {
			t.Error(err)
		}
	}
}

func TestWhereOfATaskThatSuspendedForOneThatAsks(t *testing.T) {
	l := newLoop(t)
	var event Future
	first := start(l, func(ctx context.Context) error {
		err, _ := event.Wait(ctx)
		return err
	})
	second := start(l, func(context.Context) error {
		if where := first.Where(); !strings.Contains(where, "Future).Wait at where_test.go") {
			t.Errorf("got %q", where)
		}
		event.Complete(nil, nil)
		return nil
	})
	for _, task := range []*Task{first, second} {
		if err := l.RunUntilComplete(task); err != nil {
			t.Error(err)
		}
	}
}

func TestWhereOfATaskThatStartsAnother(t *testing.T) {
	l := newLoop(t, func(o *Options) { o.EagerStart = true })
	var during, after string
	var starter *Task
	starter = start(l, func(ctx context.Context) error {
		if err := Yield(ctx); err != nil {
			return err
		}
		started := start(l, func(ctx context.Context) error {
			during = starter.Where()
			return Yield(ctx)
		})
		after = started.Where()
		err, _ := started.Wait(ctx)
		return err
	})
	if err := l.RunUntilComplete(starter); err != nil {
		t.Error(err)
	}
	if during != "starting a task" || !strings.Contains(after, "Yield at where_test.go") {
		t.Errorf("got %q, then %q", during, after)
	}
}

func TestShortNames(t *testing.T) {
	for name, want := range map[string]string{
		"github.com/goaio/aio.Sleep":                            "aio.Sleep",
		"github.com/goaio/aio.(*Queue[...]).Get":                "aio.(*Queue).Get",
		"github.com/goaio/aio/loop.(*Future).Wait":              "loop.(*Future).Wait",
		"github.com/goaio/aio.(*Queue[go.shape.int]).All.func1": "aio.(*Queue).All",
	} {
		if got := shortName(name); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
}
