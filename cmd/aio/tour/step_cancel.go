package tour

import (
	"context"
	"errors"
	"time"

	"github.com/goaio/aio"
)

var cancelStep = step{
	title: "A cancel with its cause",
	text: `A cancel is the context's: it ends the await that the task is suspended in, and says who cancelled and why.
		The context stays cancelled, so a cancel cannot get lost; Cleanup lends a live one to say goodbye.`,
	asyncio: `a CancelledError is thrown in once, and an except clause swallows it; hence uncancel, and shield for
		what must not be hit.`,
	run: cancel,
	check: all(prints("goodbye", "sleeper was cancelled by main: the user has left",
		"is it context.Canceled? true"), takes(0, 5*time.Second)),
	proves: "an hour's sleep ended at once, in good order",
}

func cancel(say func(string, ...any)) error {
	return aio.Run(context.Background(), func(ctx context.Context) error {
		sleeper := aio.Go(ctx, func(ctx context.Context) error {
			err := aio.Sleep(ctx, time.Hour)
			goodbye := func(ctx context.Context) error {
				say("goodbye")
				return aio.Sleep(ctx, 10*time.Millisecond)
			}
			return errors.Join(err, aio.Cleanup(ctx, time.Second, goodbye))
		}, aio.Name("sleeper"))
		if err := aio.Yield(ctx); err != nil { // it falls asleep
			return err
		}
		sleeper.Cancel(errors.New("the user has left"))
		_, err := sleeper.Await(ctx)
		say("%v", err)
		say("is it context.Canceled? %v", errors.Is(err, context.Canceled))
		return nil
	})
}
