package tour

import (
	"fmt"
	"slices"
	"time"
)

// says checks that a step printed exactly these lines.
func says(lines ...string) func(result) error {
	return func(r result) error {
		if !slices.Equal(r.lines, lines) {
			return fmt.Errorf("it printed %q, and should have printed %q", r.lines, lines)
		}
		return nil
	}
}

// takes checks how long a step took, generously upwards: machines are busy.
func takes(least time.Duration, and func(result) error) func(result) error {
	return func(r result) error {
		if r.elapsed < least || r.elapsed > least+2*time.Second {
			return fmt.Errorf("it took %v, and should have taken %v", r.elapsed, least)
		}
		return and(r)
	}
}

var steps = []step{
	{
		title: "Hello, with a second's sleep",
		text: `A coroutine is a plain function that takes a context. Run gives it a loop and waits for it.
			asyncio needs a coroutine function, a coroutine object, an event loop and a task before it says hello.`,
		code:  "hello",
		run:   hello,
		check: takes(time.Second, says("hello", "world")),
	},
	{
		title: "Three sleepers in the time of one",
		text: `Go starts a task; a Group waits for all that were started in it. While one task awaits, the others run,
			on one thread, one at a time: no locks.`,
		code:  "sleepers",
		run:   sleepers,
		check: takes(time.Second, says("a sleeps", "b sleeps", "c sleeps", "a woke", "b woke", "c woke")),
	},
	{
		title: "Generators, with send and throw",
		text: `Underneath are coroutines as PEP 342 means them: a body that yields values and is sent others,
			or an error.`,
		code:  "generators",
		run:   generators,
		check: says("average of 10: 10", "average of 10, 30: 20", "thrown in: start again", "average of 5: 5", "closed: <nil>"),
	},
	{
		title: "A loop on a second goroutine",
		text: `In asyncio get_event_loop raises a RuntimeError in a second thread. Here a loop is the caller's:
			run one on any goroutine, and as many as you like.`,
		code:  "secondLoop",
		run:   secondLoop,
		check: says("two loops have run side by side"),
	},
	{
		title: "RunForever, CallSoon, CallLater, CallAt, Stop, Close",
		text: `The low-level loop. Callbacks run in the order in which they were queued; what they queue waits for the
			next round. CallSoon is safe from every goroutine, so there is no call_soon_threadsafe.`,
		code:  "callbacks",
		run:   callbacks,
		check: says("first", "second", "next round", "20 ms later", "at 40 ms", "closed: true"),
	},
	{
		title: "Readers and writers on a socket pair",
		text: `AddReader calls back while there is something to read: on sockets, pipes, terminals, anything that can
			be polled.`,
		code:  socketPairCode,
		run:   runSocketPair,
		check: checkSocketPair,
	},
	{
		title: "Blocking work on a pool of two threads",
		text: `Three jobs that block for a second each, handed to a thread pool of two: two begin at once, the third
			when one of them has ended. The loop goes on meanwhile.`,
		code:  "blocking",
		run:   blocking,
		check: takes(2*time.Second, checkBlocking),
	},
	{
		title: "One Future, completed from another goroutine",
		text: `asyncio has two Futures that do not fit together, and wrap_future between them. Here there is one: completed
			from anywhere, awaited by tasks of any loop and by goroutines.`,
		code:  "futures",
		run:   futures,
		check: says("the task got 42", "the goroutine got 42"),
	},
	{
		title: "What run_until_complete accepts",
		text:  `Anything that completes: a task, or a future.`,
		code:  "untilComplete",
		run:   untilComplete,
		check: says("a future: <nil>", "a task: <nil>", "a task that fails: no luck"),
	},
	{
		title: "A cancel with its cause",
		text: `A cancel is the context's. It interrupts the await that the task is suspended in, and says who cancelled
			and why. Nothing has to be shielded: a waiter never owns what it awaits.`,
		code: "cancel",
		run:  cancel,
		check: says("sleeper was cancelled by main: the user has left",
			"errors.Is context.Canceled: true", "it said goodbye: true"),
	},
	{
		title: "A group whose failure cancels the siblings",
		text: `The first failure cancels the rest. When Group returns all of them have ended, and the errors come
			joined.`,
		code:  "group",
		run:   group,
		check: says("b was cancelled: disk full", "the group returned: disk full"),
	},
	{
		title: "Tasks that await each other in a circle",
		text: `In asyncio they hang, silently and for ever. Here the await that closes the circle gets an error that
			prints it.`,
		code:  "circle",
		run:   circle,
		check: says("deadlock: egg awaits chicken awaits egg"),
	},
}
