package loop

import (
	"context"
	"fmt"
	"runtime/pprof"
	"strings"
	"testing"
	"time"
)

func TestProfileLabels(t *testing.T) {
	l := newLoop(t, func(o *Options) { o.ProfileLabels = true })
	labelled := func(name string) int {
		var profile strings.Builder
		if err := pprof.Lookup("goroutine").WriteTo(&profile, 1); err != nil {
			t.Fatal(err)
		}
		return strings.Count(profile.String(), fmt.Sprintf("%q:%q", ProfileLabel, name))
	}
	ctx := pprof.WithLabels(context.Background(), pprof.Labels("job", "test"))
	task := &Task{}
	task.SetName("before")
	Start(l, task, ctx, body(func(ctx context.Context) error {
		if labelled("before") != 1 {
			t.Error("the running task has no label")
		}
		if job, _ := pprof.Label(ctx, "job"); job != "test" {
			t.Errorf("the context's own label is %q", job)
		}
		CurrentTask().SetName("after")
		if labelled("before") != 0 || labelled("after") != 1 {
			t.Error("a new name gives no new label")
		}
		other := named(l, "other", func(ctx context.Context) error { return Sleep(ctx, time.Hour) })
		if err := Sleep(ctx, time.Second); err != nil {
			return err
		}
		if labelled("after") != 1 || labelled("other") != 1 {
			t.Error("tasks that take turns do not keep their labels")
		}
		err, _ := other.Wait(ctx)
		if labelled("other") != 0 {
			t.Error("a coroutine keeps the label of a task that has ended")
		}
		return err
	}))
	if err := l.RunUntilComplete(task); err != nil {
		t.Error(err)
	}
}
