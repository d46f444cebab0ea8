package runner

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/conformance"
	"github.com/goaio/aio/loop"
)

type operation func(b *body, ctx context.Context, op *conformance.Op) error

// operations is filled at the start, for some of them run operations.
var operations map[string]operation

func init() {
	operations = map[string]operation{
		"log":           func(b *body, _ context.Context, op *conformance.Op) error { b.log(op.Text); return nil },
		"raise":         func(_ *body, _ context.Context, op *conformance.Op) error { return raised(op.Text) },
		"spawn":         spawn,
		"cancel":        cancel,
		"done":          done,
		"set":           set,
		"fail":          fail,
		"cancel_future": cancelFuture,
		"event_set":     eventSet,
		"event_clear":   eventClear,
		"put_nowait":    putNoWait,
		"get_nowait":    getNoWait,
		"task_done":     taskDone,
		"shutdown":      shutdown,
		"release":       release,
		"notify":        notify,
		"barrier_reset": barrierReset,
		"barrier_abort": barrierAbort,
		"call_soon":     callSoon,
		"call_later":    callLater,
		"sleep":         sleep,
		"await":         await,
		"wait_future":   waitFuture,
		"event_wait":    eventWait,
		"acquire":       acquire,
		"with":          with,
		"cond_wait":     conditionWait,
		"barrier_wait":  barrierWait,
		"put":           put,
		"get":           get,
		"join":          join,
		"gather":        gather,
		"wait":          wait,
		"as_completed":  asCompleted,
		"timeout":       timeout,
		"group":         group,
		"try":           try,
	}
}

func milliseconds(n int) time.Duration { return time.Duration(n) * time.Millisecond }

// tried logs text, with the failure's name behind it if there was one.
func (b *body) tried(text string, err error) error {
	if err != nil {
		text += " " + nameOf(err)
	}
	b.log(text)
	return nil
}

func spawn(b *body, ctx context.Context, op *conformance.Op) error {
	_, err := b.run.spawn(aio.Detached(ctx), op.Target)
	return err
}

func cancel(b *body, _ context.Context, op *conformance.Op) error {
	t := b.run.tasks[op.Target]
	if t == nil {
		return errMisuse
	}
	b.log(fmt.Sprintf("cancel %s %v", op.Target, t.Cancel(nil)))
	return nil
}

func done(b *body, _ context.Context, op *conformance.Op) error {
	t := b.run.tasks[op.Target]
	if t == nil {
		return errMisuse
	}
	b.log(fmt.Sprintf("done %s %v", op.Target, t.Completed()))
	return nil
}

func (b *body) future(op *conformance.Op) *aio.Future[int] {
	return b.run.objects[op.Target].(*aio.Future[int])
}

func set(b *body, _ context.Context, op *conformance.Op) error {
	return b.tried("set "+op.Target, b.future(op).SetResult(op.Number))
}

func fail(b *body, _ context.Context, op *conformance.Op) error {
	return b.tried("fail "+op.Target, b.future(op).SetError(raised(op.Text)))
}

func cancelFuture(b *body, _ context.Context, op *conformance.Op) error {
	b.log(fmt.Sprintf("cancel %s %v", op.Target, b.future(op).Cancel(nil)))
	return nil
}

func waitFuture(b *body, ctx context.Context, op *conformance.Op) error {
	v, err := b.future(op).Await(ctx)
	if err == nil {
		b.log(fmt.Sprintf("future %s %d", op.Target, v))
	}
	return err
}

func (b *body) event(op *conformance.Op) *aio.Event { return b.run.objects[op.Target].(*aio.Event) }

func eventSet(b *body, _ context.Context, op *conformance.Op) error {
	b.event(op).Set()
	return nil
}

func eventClear(b *body, _ context.Context, op *conformance.Op) error {
	b.event(op).Clear()
	return nil
}

func eventWait(b *body, ctx context.Context, op *conformance.Op) error {
	err := b.event(op).Wait(ctx)
	if err == nil {
		b.log("event " + op.Target)
	}
	return err
}

func (b *body) acquirer(op *conformance.Op) acquirer { return b.run.objects[op.Target].(acquirer) }

func acquire(b *body, ctx context.Context, op *conformance.Op) error {
	err := b.acquirer(op).Acquire(ctx)
	if err == nil {
		b.log("acquire " + op.Target)
	}
	return err
}

func release(b *body, _ context.Context, op *conformance.Op) error {
	return b.tried("release "+op.Target, b.acquirer(op).Release())
}

func with(b *body, ctx context.Context, op *conformance.Op) error {
	a := b.acquirer(op)
	if err := a.Acquire(ctx); err != nil {
		return err
	}
	b.log("enter " + op.Target)
	err := b.ops(ctx, op.Body)
	if failed := a.Release(); failed != nil {
		return failed
	}
	if err == nil {
		b.log("exit " + op.Target)
	}
	return err
}

func notify(b *body, _ context.Context, op *conformance.Op) error {
	return b.tried("notify "+op.Target, b.run.objects[op.Target].(condition).Notify(op.Number))
}

func conditionWait(b *body, ctx context.Context, op *conformance.Op) error {
	err := b.run.objects[op.Target].(condition).Wait(ctx)
	switch {
	case err == nil:
		b.log("woken " + op.Target)
	case nameOf(err) == "misuse":
		b.log("cond_wait " + op.Target + " misuse")
	default:
		return err
	}
	return nil
}

func (b *body) barrier(op *conformance.Op) *aio.Barrier {
	return b.run.objects[op.Target].(*aio.Barrier)
}

func barrierReset(b *body, ctx context.Context, op *conformance.Op) error {
	return b.barrier(op).Reset(ctx)
}

func barrierAbort(b *body, ctx context.Context, op *conformance.Op) error {
	return b.barrier(op).Abort(ctx)
}

func barrierWait(b *body, ctx context.Context, op *conformance.Op) error {
	index, err := b.barrier(op).Wait(ctx)
	if err == nil {
		b.log(fmt.Sprintf("barrier %s %d", op.Target, index))
	}
	return err
}

func (b *body) queue(op *conformance.Op) queue { return b.run.objects[op.Target].(queue) }

func putNoWait(b *body, _ context.Context, op *conformance.Op) error {
	if err := b.queue(op).PutNoWait(op.Number); err != nil {
		b.log(fmt.Sprintf("put %s %s", op.Target, nameOf(err)))
	} else {
		b.log(fmt.Sprintf("put %s %d", op.Target, op.Number))
	}
	return nil
}

func getNoWait(b *body, _ context.Context, op *conformance.Op) error {
	if v, err := b.queue(op).GetNoWait(); err != nil {
		b.log(fmt.Sprintf("get %s %s", op.Target, nameOf(err)))
	} else {
		b.log(fmt.Sprintf("get %s %d", op.Target, v))
	}
	return nil
}

func put(b *body, ctx context.Context, op *conformance.Op) error {
	err := b.queue(op).Put(ctx, op.Number)
	if err == nil {
		b.log(fmt.Sprintf("put %s %d", op.Target, op.Number))
	}
	return err
}

func get(b *body, ctx context.Context, op *conformance.Op) error {
	v, err := b.queue(op).Get(ctx)
	if err == nil {
		b.log(fmt.Sprintf("get %s %d", op.Target, v))
	}
	return err
}

func join(b *body, ctx context.Context, op *conformance.Op) error {
	err := b.queue(op).Join(ctx)
	if err == nil {
		b.log("join " + op.Target)
	}
	return err
}

func taskDone(b *body, _ context.Context, op *conformance.Op) error {
	return b.tried("task_done "+op.Target, b.queue(op).TaskDone())
}

func shutdown(b *body, _ context.Context, op *conformance.Op) error {
	b.queue(op).Shutdown(op.Immediate)
	return nil
}

func callSoon(b *body, _ context.Context, op *conformance.Op) error {
	b.run.loop.CallSoon(func() { b.run.log(conformance.Loop, op.Text) })
	return nil
}

func callLater(b *body, _ context.Context, op *conformance.Op) error {
	b.run.loop.CallLater(milliseconds(op.Number), func() { b.run.log(conformance.Loop, op.Text) })
	return nil
}

func sleep(_ *body, ctx context.Context, op *conformance.Op) error {
	return aio.Sleep(ctx, milliseconds(op.Number))
}

func await(b *body, ctx context.Context, op *conformance.Op) error {
	t := b.run.tasks[op.Target]
	switch {
	case t == nil:
		return errMisuse
	case op.Target == b.name:
		_, err := t.Await(ctx)
		return err
	}
	// Not Await, which makes an error of a circle: CPython lets it wait.
	if err, _ := t.Core().Wait(ctx); err != nil {
		return err
	}
	v, err := t.Result()
	if err == nil {
		b.log(fmt.Sprintf("await %s %s", op.Target, v))
	}
	return err
}

func gather(b *body, ctx context.Context, op *conformance.Op) error {
	var children []*aio.Task[string]
	for _, name := range op.Names {
		child, err := b.run.spawn(aio.Detached(ctx), name)
		if err != nil {
			return err
		}
		children = append(children, child)
	}
	results, err := aio.GatherTasks(ctx, children...)
	if err != nil {
		return err
	}
	texts := make([]string, len(results))
	for i, r := range results {
		if texts[i] = r.Value; r.Err != nil {
			texts[i] = nameOf(r.Err)
		}
	}
	b.log("gather " + strings.Join(texts, ", "))
	return nil
}

var whens = map[conformance.When]aio.When{
	conformance.FirstCompleted: aio.FirstCompleted,
	conformance.FirstException: aio.FirstException,
	conformance.AllCompleted:   aio.AllCompleted,
}

func wait(b *body, ctx context.Context, op *conformance.Op) error {
	tasks, err := b.run.spawned(op.Names)
	if err != nil {
		return err
	}
	limit := milliseconds(op.Number)
	if op.Unlimited {
		limit = aio.NoTimeout
	}
	ended, _, err := aio.Wait(ctx, whens[op.When], limit, tasks...)
	if err != nil {
		return err
	}
	in := map[*aio.Task[string]]bool{}
	for _, t := range ended {
		in[t] = true
	}
	var completed, pending []string
	for i, name := range op.Names {
		if in[tasks[i]] {
			completed = append(completed, name)
		} else {
			pending = append(pending, name)
		}
	}
	b.log("wait " + strings.Join(completed, ",") + " | " + strings.Join(pending, ","))
	return nil
}

func asCompleted(b *body, ctx context.Context, op *conformance.Op) error {
	tasks, err := b.run.spawned(op.Names)
	if err != nil {
		return err
	}
	for t, err := range aio.AsCompleted(ctx, tasks...) {
		if err != nil {
			return err
		}
		v, err := t.Result()
		if message, ok := err.(raised); ok {
			v = string(message)
		} else if err != nil {
			return err
		}
		b.log("completed " + v)
	}
	return nil
}

func timeout(b *body, ctx context.Context, op *conformance.Op) error {
	return aio.Timeout(ctx, milliseconds(op.Number), func(ctx context.Context) error {
		return b.ops(ctx, op.Body)
	})
}

func group(b *body, ctx context.Context, op *conformance.Op) error {
	owner := loop.CurrentTask()
	requests := owner.Cancelling()
	err := aio.Group(ctx, func(ctx context.Context) error {
		for _, name := range op.Names {
			if _, err := b.run.spawn(ctx, name); err != nil {
				return err
			}
		}
		if err := b.ops(ctx, op.Body); err != nil || ctx.Err() != nil {
			return err
		}
		// ops takes cancels back, which no program does: a group's context stays
		// cancelled, and so does the group.
		if owner.Cancelling() > requests && !owner.CancelPending() {
			return loop.CancelledBy(ctx, nil)
		}
		return nil
	})
	if err == nil {
		b.log("group left")
	}
	return err
}

func try(b *body, ctx context.Context, op *conformance.Op) error {
	err := b.ops(ctx, op.Body)
	switch {
	case err == nil:
	case aio.IsCancelled(err):
		if op.Handlers.Cancel != nil {
			loop.CurrentTask().Uncancel()
			b.log("caught cancelled")
			err = b.ops(ctx, op.Handlers.Cancel)
		}
	case op.Handlers.Error != nil:
		b.log("caught " + nameOf(err))
		err = b.ops(ctx, op.Handlers.Error)
	}
	if op.Handlers.Finally != nil {
		if failed := b.ops(ctx, op.Handlers.Finally); failed != nil {
			err = failed
		}
	}
	return err
}
