package tour

import (
	"context"
	"time"

	"github.com/goaio/aio"
)

var futureStep = step{
	title: "One Future, completed from another goroutine",
	text: `A Future is a value that will be there. Anyone may complete it, and anyone may await it: a task of any loop
		is suspended, a plain goroutine blocks. The call is the same.`,
	asyncio: `two Futures that do not fit together, asyncio's and concurrent.futures', with wrap_future between them
		and call_soon_threadsafe to complete one.`,
	run: future,
	check: all(prints("the task got 42", "the goroutine got 42"),
		waits(0, 100*time.Millisecond)),
	proves: "one value, from one goroutine to a task and to another goroutine",
}

func future(say func(string, ...any)) error {
	answer := aio.NewFuture[int]()
	go func() {
		time.Sleep(100 * time.Millisecond) // at work
		answer.SetResult(42)
	}()
	heard := make(chan int, 1)
	go func() {
		v, _ := answer.Await(context.Background()) // blocks this goroutine
		heard <- v
	}()
	err := aio.Run(context.Background(), func(ctx context.Context) error {
		v, err := answer.Await(ctx) // suspends this task
		say("the task got %d", v)
		return err
	})
	say("the goroutine got %d", <-heard)
	return err
}
