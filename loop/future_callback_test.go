package loop

import (
	"context"
	"errors"
	"testing"
)

// A callback that was added outside of any loop is called by whoever completes
// the future, who has no part in its panic.
func TestAPanicInADoneCallbackIsHeard(t *testing.T) {
	for name, end := range map[string]func(f *Future) error{
		"of a task":     func(*Future) error { return nil },
		"of a future":   func(f *Future) error { f.Complete(nil, nil); return nil },
		"after a panic": func(*Future) error { panic("the task") },
	} {
		t.Run(name, func(t *testing.T) {
			var heard []Exception
			l := newLoop(t, func(o *Options) {
				o.ExceptionHandler = func(_ *Loop, e Exception) { heard = append(heard, e) }
			})
			var f Future
			called := false
			task := start(l, func(context.Context) error { return end(&f) })
			for _, awaitable := range []interface{ AddDoneCallback(func()) func() bool }{task, &f} {
				awaitable.AddDoneCallback(func() { panic(errTest) })
				awaitable.AddDoneCallback(func() { called = true })
			}
			err := l.RunUntilComplete(task)
			if name != "after a panic" && err != nil {
				t.Error(err)
			}
			if !called {
				t.Error("the next callback was not called")
			}
			if len(heard) == 0 {
				t.Error("nobody heard of it")
			}
			for _, e := range heard {
				if !errors.Is(e.Err, errTest) {
					t.Errorf("heard %v", e.Err)
				}
			}
		})
	}
}
