package tour

import (
	"errors"
	"time"

	"github.com/goaio/aio/loop"
)

var callbacksStep = step{
	title: "RunForever, CallSoon, CallLater, CallAt, Stop, Close",
	text: `The low-level loop. Callbacks run in the order in which they were queued, and what they queue waits for the
		next round. CallSoon is safe from every goroutine.`,
	asyncio: `the same, name for name, and call_soon_threadsafe besides: from another thread call_soon may wait
		unnoticed until something else wakes the loop.`,
	run: callbacks,
	check: all(prints("first", "second", "first of the next round", "0.1 s later", "at 0.2 s, stop", "closed: true"),
		waits(3, 100*time.Millisecond), waits(4, 200*time.Millisecond)),
	proves: "in order, in time, and nothing runs on a closed loop",
}

func callbacks(say func(string, ...any)) error {
	l, err := loop.New(loop.Options{})
	if err != nil {
		return err
	}
	start := l.Now()
	l.CallAt(start.Add(200*time.Millisecond), func() {
		say("at 0.2 s, stop")
		l.Stop()
	})
	l.CallLater(100*time.Millisecond, func() { say("0.1 s later") })
	l.CallSoon(func() {
		say("first")
		l.CallSoon(func() { say("first of the next round") })
	})
	l.CallSoon(func() { say("second") })

	if err := errors.Join(l.RunForever(), l.Close()); err != nil {
		return err
	}
	say("closed: %v", errors.Is(l.RunForever(), loop.ErrClosed))
	return nil
}
