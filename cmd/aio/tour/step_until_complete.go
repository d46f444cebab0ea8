package tour

import (
	"context"
	"errors"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/loop"
)

var untilCompleteStep = step{
	title: "What run_until_complete accepts",
	text: `RunUntilComplete runs a loop of yours until a future or a task is complete, and returns its error. A
		coroutine is just a function: start it with Go or Async, or hand it to Run.`,
	asyncio: `a coroutine, a future, a task or anything with __await__; a coroutine is wrapped in a task first.`,
	run:     untilComplete,
	check:   prints("a future: hello, <nil>", "a task: world, <nil>", "a task that fails: no luck"),
	proves:  "a future, a task, and an error that came back",
}

func untilComplete(say func(string, ...any)) error {
	l, err := loop.New(loop.Options{})
	if err != nil {
		return err
	}
	defer l.Close()

	future := aio.NewFuture[string]()
	l.CallSoon(func() { future.SetResult("hello") })
	err = l.RunUntilComplete(future)
	word, _ := future.Result()
	say("a future: %s, %v", word, err)

	ctx := loop.Carry(context.Background(), l, nil) // tasks go to l
	task := aio.Async(ctx, func(ctx context.Context) (string, error) {
		return "world", aio.Sleep(ctx, 10*time.Millisecond)
	})
	err = l.RunUntilComplete(task)
	word, _ = task.Result()
	say("a task: %s, %v", word, err)

	failing := aio.Go(ctx, func(context.Context) error {
		return errors.New("no luck")
	})
	say("a task that fails: %v", l.RunUntilComplete(failing))
	return nil
}
