package tour

import (
	"context"
	"time"

	"github.com/goaio/aio"
)

var sleepersStep = step{
	title: "Three sleepers in the time of one",
	text: `Go starts a function as a task, and the Group ends when all of its tasks have. On one loop one task runs at
		a time, and only an await lets another in: what they share needs no lock.`,
	asyncio: `create_task, TaskGroup.create_task, ensure_future or gather, and a reference kept to each task, lest it
		be collected while it runs.`,
	run: sleepers,
	check: all(prints("a sleeps", "b sleeps", "c sleeps", "a woke", "b woke", "c woke"),
		takes(time.Second, 2*time.Second)),
	proves: "three seconds of sleep, side by side",
}

func sleepers(say func(string, ...any)) error {
	return aio.Run(context.Background(), func(ctx context.Context) error {
		return aio.Group(ctx, func(ctx context.Context) error {
			for _, name := range []string{"a", "b", "c"} {
				aio.Go(ctx, func(ctx context.Context) error {
					say("%s sleeps", name)
					err := aio.Sleep(ctx, time.Second)
					say("%s woke", name)
					return err
				})
			}
			return nil
		})
	})
}
