package loop

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"
)

// dumped is a dump with what differs from run to run made the same.
func dumped(t *testing.T) string {
	t.Helper()
	var text strings.Builder
	if err := Dump(&text); err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile(`0x[0-9a-f]+|loop \d+|\.go:\d+`).ReplaceAllStringFunc(text.String(), func(s string) string {
		switch s[0] {
		case '0':
			return "0x"
		case 'l':
			return "loop"
		}
		return ".go"
	})
}

func TestDump(t *testing.T) {
	t.Setenv("AIO_DEBUG", "") // which adds to each line
	if got := dumped(t); got != "no loop runs\n" {
		t.Errorf("got %q", got)
	}
	run(t, func(ctx context.Context) error {
		l := Current()
		CurrentTask().SetName("main")
		var never Future
		awaitNever := func(ctx context.Context) error {
			err, _ := never.Wait(ctx)
			return err
		}
		awaited := named(l, "awaited", awaitNever)
		join := func(ctx context.Context) error {
			err, _ := awaited.Join(ctx)
			return err
		}
		both := NewAwaited("both")
		tasks := &objects{tasks: []*Task{named(l, "first", join), named(l, "second", join)}}
		waiting := named(l, "waiting", func(ctx context.Context) error {
			w, err := NewWaiterFor(ctx, both.Of(tasks), tasks)
			if err != nil {
				return err
			}
			return w.Wait(ctx)
		})
		if err := Sleep(ctx, time.Second); err != nil {
			return err
		}
		want := `loop (simulated), 5 tasks, held by a goroutine that computes at loop.dumped, dump_test.go
main is running
    [computes]
    loop.dumped at dump_test.go
    loop.TestDump at dump_test.go
    loop.body.Run at main_test.go
waiting waits for both of two, since 1s
│   loop.TestDump at dump_test.go
│   loop.body.Run at main_test.go
├─ first waits for task awaited, since 1s
│  │   loop.TestDump at dump_test.go
│  │   loop.body.Run at main_test.go
│  └─ awaited waits for aio.Future.Await (0x), since 1s
│         loop.TestDump at dump_test.go
│         loop.body.Run at main_test.go
└─ second waits for task awaited, since 1s
   │   loop.TestDump at dump_test.go
   │   loop.body.Run at main_test.go
   └─ awaited, see above
`
		if got := dumped(t); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
		never.Complete(nil, nil)
		waiting.Cancel(nil)
		err, _ := waiting.Wait(ctx)
		if !IsCancelled(err) {
			return fmt.Errorf("the task ended with %v", err)
		}
		return Sleep(ctx, time.Second)
	})
}

type objects struct{ tasks []*Task }

func (o *objects) String() string        { return "of two" }
func (o *objects) AwaitedTasks() []*Task { return o.tasks }

// Tasks of two loops that await each other: nobody is at the top.
func TestDumpOfACircle(t *testing.T) {
	l := newLoop(t)
	a, b := &Task{}, &Task{}
	a.SetName("a")
	b.SetName("b")
	infos := []TaskInfo{
		{Task: a, Loop: l, Name: "a", State: Waiting, Awaits: "x", Tasks: []*Task{b}, Object: identity(&b.Future), Since: l.Now()},
		{Task: b, Loop: l, Name: "b", State: Waiting, Awaits: "x", Tasks: []*Task{a}, Object: identity(&a.Future), Since: l.Now()},
	}
	var text strings.Builder
	newTree(infos, nil).print(&text, l)
	want := `a waits for task b
└─ b waits for task a
   └─ a, see above
`
	if text.String() != want {
		t.Errorf("got\n%s", text.String())
	}
}

// Another goroutine sees what a stuck loop is stuck in.
func TestDumpOfAStuckLoop(t *testing.T) {
	t.Setenv("AIO_DEBUG", "")
	l := newLoop(t)
	stuck, release := make(chan struct{}), make(chan struct{})
	var got string
	go func() {
		<-stuck
		for !strings.Contains(got, "waits to receive from a channel") {
			got = dumped(t)
		}
		close(release)
	}()
	task := named(l, "stuck", func(context.Context) error {
		close(stuck)
		<-release
		return nil
	})
	if err := l.RunUntilComplete(task); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		"held by a goroutine that waits to receive from a channel at loop.TestDumpOfAStuckLoop, dump_test.go",
		"stuck is ready\n    [waits to receive from a channel]\n    loop.TestDumpOfAStuckLoop at dump_test.go",
	} {
		if !strings.Contains(got, text) {
			t.Errorf("%q is not in the dump:\n%s", text, got)
		}
	}
}
