package aio

import (
	"context"
	"errors"
	"slices"

	"github.com/goaio/aio/loop"
)

// Result is what one of several functions returned.
type Result[T any] struct {
	Value T
	Err   error
}

// Values returns the values of results, and their errors joined.
func Values[T any](results []Result[T]) ([]T, error) {
	values := make([]T, len(results))
	var errs []error
	for i, r := range results {
		values[i] = r.Value
		if r.Err != nil {
			errs = append(errs, r.Err)
		}
	}
	return values, errors.Join(errs...)
}

// Gather runs the functions as tasks, all at once, and returns their results in
// the order of the functions; an error is a result too. See [Group] for tasks
// that end together when one fails.
//
// A cancel of ctx is handed on to the tasks; Gather then waits for them and
// returns a [*CancelledError], even if all of them returned values. It is
// asyncio's gather with return_exceptions.
func Gather[T any](ctx context.Context, fns ...func(context.Context) (T, error)) ([]Result[T], error) {
	tasks := make([]*Task[T], len(fns))
	for i, fn := range fns {
		t := &valued[T]{fn: fn}
		t.core.Own()
		start(ctx, &t.core, t, nil)
		tasks[i] = &t.Task
	}
	return GatherTasks(ctx, tasks...)
}

// GatherTasks is [Gather] for tasks that were started before. If one of them
// waits for the caller it returns a [*DeadlockError], and leaves them alone.
func GatherTasks[T any](ctx context.Context, tasks ...*Task[T]) ([]Result[T], error) {
	if len(tasks) == 0 {
		return nil, nil
	}
	err := gather(ctx, tasks)
	results := make([]Result[T], len(tasks))
	for i, t := range tasks {
		results[i].Value, results[i].Err = t.Result()
	}
	if err != nil {
		return nil, err
	}
	return results, nil
}

// gather waits for all the tasks, and returns a cancel that it handed on to one
// of them.
func gather[T any](ctx context.Context, tasks []*Task[T]) error {
	awaited := awaitTasks(tasks)
	defer awaited.release()
	w, err := loop.NewWaiterFor(ctx, awaitedGather.Of(awaited), awaited)
	if err != nil {
		return err
	}
	if err := w.JoinAll(awaited.tasks); err != nil {
		return err
	}
	g := gate{w: w}
	left := counter{n: len(tasks)}
	for _, t := range tasks {
		t.AddDoneCallback(func() {
			if left.down() {
				g.open()
			}
		})
	}
	hand := func(cause error) (handed bool) {
		for _, t := range tasks {
			handed = t.Cancel(cause) || handed
		}
		return handed
	}
	var handed bool
	var reason error
	w.OnCancel(func(cause error) bool {
		if w.Done() || !hand(cause) {
			return false
		}
		if !handed {
			handed, reason = true, cause
		}
		return true
	})
	err = w.Wait(ctx)
	g.close()
	switch {
	case err != nil:
		// Only a goroutine's wait ends so: a task hands the cancel on.
		hand(context.Cause(ctx))
		for _, t := range tasks {
			<-t.Done()
		}
		return err
	case handed:
		if t := loop.CurrentTask(); t != nil {
			t.CancelDelivered()
		}
		return loop.CancelledBy(ctx, reason)
	case w.Task() == nil && ctx.Err() != nil && anyCancelled(tasks):
		// On goroutines the tasks hear of the cancel themselves, and may have
		// ended before this one did.
		return loop.CancelledBy(ctx, context.Cause(ctx))
	}
	return nil
}

func anyCancelled[T any](tasks []*Task[T]) bool {
	return slices.ContainsFunc(tasks, (*Task[T]).Cancelled)
}
