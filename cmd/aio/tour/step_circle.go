package tour

import (
	"context"
	"errors"
	"fmt"

	"github.com/goaio/aio"
)

var circleStep = step{
	title: "Tasks that await each other in a circle",
	text: `The await that would close the circle returns an error that prints it, and everyone in the circle gets it
		in turn: a bug report instead of a hang.`,
	asyncio: `they hang, silently and for ever; only a task that awaits itself is told.`,
	run:     circle,
	check:   prints("deadlock: egg awaits chicken awaits egg"),
	proves:  "the circle was found, and named",
}

func circle(say func(string, ...any)) error {
	return aio.Run(context.Background(), func(ctx context.Context) error {
		var chicken, egg *aio.Task[string]
		chicken = aio.Async(ctx, func(ctx context.Context) (string, error) {
			return egg.Await(ctx)
		}, aio.Name("chicken"))
		egg = aio.Async(ctx, func(ctx context.Context) (string, error) {
			return chicken.Await(ctx)
		}, aio.Name("egg"))

		_, err := chicken.Await(ctx)
		var deadlock *aio.DeadlockError
		if !errors.As(err, &deadlock) {
			return fmt.Errorf("no deadlock: %w", err)
		}
		say("%v", deadlock)
		return nil
	})
}
