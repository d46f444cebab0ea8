package tour

import (
	"context"
	"errors"
	"time"

	"github.com/goaio/aio"
)

var groupStep = step{
	title: "A group whose failure cancels the siblings",
	text: `The first failure cancels the rest, with the failure as the cause. When Group returns, all of its tasks
		have ended, however deep they were started, and the errors come joined.`,
	asyncio: `TaskGroup does it, for tasks that were started with its own create_task; gather leaves the siblings
		running.`,
	run: group,
	check: all(prints("b was cancelled: disk full", "the group returned: disk full"),
		takes(0, 5*time.Second)),
	proves: "the failure of one ended the hour's sleep of the other",
}

func group(say func(string, ...any)) error {
	return aio.Run(context.Background(), func(ctx context.Context) error {
		err := aio.Group(ctx, func(ctx context.Context) error {
			aio.Go(ctx, func(ctx context.Context) error {
				return errors.New("disk full")
			}, aio.Name("a"))
			aio.Go(ctx, func(ctx context.Context) error {
				err := aio.Sleep(ctx, time.Hour)
				say("b was cancelled: %v", context.Cause(ctx))
				return err
			}, aio.Name("b"))
			return nil
		})
		say("the group returned: %v", err)
		return nil
	})
}
