package tour

import (
	"context"
	"time"

	"github.com/goaio/aio"
)

var helloStep = step{
	title: "Hello, with a second's sleep",
	text: `A coroutine is a plain function that takes a context. Run makes a loop, runs the function on it and waits
		for it; Sleep suspends the function, and the loop is free meanwhile.`,
	asyncio: `a coroutine function makes a coroutine object, which does nothing until run() wraps it in a task; a
		forgotten await does nothing but warn.`,
	run:    hello,
	check:  all(prints("hello", "world"), waits(1, time.Second), takes(time.Second, 3*time.Second)),
	proves: "world came a second after hello",
}

func hello(say func(string, ...any)) error {
	return aio.Run(context.Background(), func(ctx context.Context) error {
		say("hello")
		if err := aio.Sleep(ctx, time.Second); err != nil {
			return err
		}
		say("world")
		return nil
	})
}
