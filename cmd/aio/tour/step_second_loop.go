package tour

import (
	"context"
	"errors"

	"github.com/goaio/aio"
)

var secondLoopStep = step{
	title: "A loop on a second goroutine",
	text: `A loop is its caller's: run one on any goroutine, as many as you like. Futures, locks and queues work
		across them, so here two loops play a game of ping-pong.`,
	asyncio: `get_event_loop in a second thread raises a RuntimeError; what belongs to one loop fails on another, and
		the way across is run_coroutine_threadsafe.`,
	run:    secondLoop,
	check:  prints("the second loop heard ping", "the first loop heard pong"),
	proves: "each loop woke the other, so both were running",
}

func secondLoop(say func(string, ...any)) error {
	ping, pong := aio.NewFuture[string](), aio.NewFuture[string]()
	player := func(ctx context.Context) error {
		word, err := ping.Await(ctx)
		say("the second loop heard %s", word)
		return errors.Join(err, pong.SetResult("pong"))
	}
	second := make(chan error)
	go func() { second <- aio.Run(context.Background(), player) }()

	first := aio.Run(context.Background(), func(ctx context.Context) error {
		if err := ping.SetResult("ping"); err != nil {
			return err
		}
		word, err := pong.Await(ctx)
		say("the first loop heard %s", word)
		return err
	})
	return errors.Join(first, <-second)
}
