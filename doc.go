// Package aio is asyncio's system for Go: an event loop, coroutines that you
// await, one Future, groups, locks and queues, and a thread pool for what
// blocks.
//
// # Hello
//
// [Run] makes a loop, runs a function as its first task and waits for it:
//
//	err := aio.Run(ctx, func(ctx context.Context) error {
//		fmt.Println("hello")
//		return aio.Sleep(ctx, time.Second)
//	})
//
// A coroutine is a plain function that takes a context. Whatever takes a
// context first and returns an error last may wait: it suspends the task, and
// the loop runs others meanwhile. On one loop only one task runs at a time, and
// only such a call lets another in, so tasks share state without locks.
//
// # Tasks
//
// [Go] starts a function as a task for its effect, [Async] for its value:
//
//	price := aio.Async(ctx, fetchPrice) // runs from here on
//	stock := aio.Async(ctx, fetchStock)
//	p, err := price.Await(ctx)
//
// [Gather] runs several and keeps their errors as results; [Wait] and
// [AsCompleted] look at tasks as they end.
//
// # Groups
//
// A [Group] returns when everything that was started with its context, however
// deep, has ended. The first failure cancels the rest, and the errors come
// joined in a [*GroupError].
//
// # Cancellation
//
// A cancel is the context's: [Task.Cancel] cancels a task's context with a
// cause, and the await that the task is suspended in returns a
// [*CancelledError]. A result that is there wins over a later cancel. A waiter
// never owns what it awaits: cancelling it leaves the awaited task alone.
// [Timeout] cancels a stretch of code, [Cleanup] lends a live context to what a
// cancelled task must still do.
//
// # What blocks
//
// A call that blocks would stop the loop. [Blocking] hands it to a thread pool
// and awaits it; [Recv], [Send] and [Select] await Go channels, and [Signals]
// ranges over the system's signals.
//
// # Goroutines and loops together
//
// Every function of this package works in a plain goroutine too, where it
// blocks instead of suspending. A [Future] is completed from anywhere and
// awaited anywhere; [Mutex], [Event], [Condition], [Semaphore], [Barrier] and
// [Queue] work across loops and goroutines.
//
// # Looking inside
//
// [Dump] writes what every task waits for, as a tree of who awaits whom, while
// a loop is stuck as well. [Watchdog] reports the stack of what holds a loop
// for too long, while it does. [Debug], or AIO_DEBUG=1 in the environment,
// looks out for mistakes. [ProfileLabels] splits profiles by task, and
// [LogHandler] adds the task's name to log records.
//
// # Tests
//
// With Driver("simulated") time is virtual: it moves when nothing is left to
// run, and an hour passes at once.
//
// Package loop has asyncio's low-level API: callbacks, timers, descriptors.
// Package coro has generators.
package aio
