package executor

import (
	"context"
	"iter"

	"github.com/goaio/aio/loop"
)

// An Update is what a function has told of its progress.
type Update struct {
	Done, Total int64 // Total is 0 if it is not known
	Note        string
}

// Progress tells the function's caller how far it is. It never waits: when it
// is called more often than the caller reads, or from a worker process more
// than fifty times a second, the newest update stands for those before it.
// Where nobody can read it, as outside of a function of an executor, it does
// nothing. Safe from any goroutine.
func Progress(ctx context.Context, done, total int64, note string) {
	if r, ok := ctx.Value(reporterKey{}).(reporter); ok {
		r.report(Update{done, total, note})
	}
}

type reporterKey struct{}

// reporter is where a running function's updates go.
type reporter interface{ report(Update) }

// progress holds the newest update of an invocation, under its mutex.
type progress struct {
	update  Update
	number  uint64 // of the update, 0 for none
	over    bool
	waiters loop.WaitList
}

func (p *progress) set(u Update) {
	p.update = u
	p.number++
	p.waiters.WakeAll()
}

func (p *progress) end() {
	p.over = true
	p.waiters.WakeAll()
}

// Report tells the caller of the function's progress.
func (v *Invocation) Report(u Update) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.ended {
		v.progress.set(u)
	}
}

func (v *Invocation) report(u Update) { v.Report(u) }

// nextUpdate waits for an update after that of a number, and returns false when
// the call has ended and there is none.
func (v *Invocation) nextUpdate(ctx context.Context, after uint64) (Update, uint64, bool, error) {
	v.mu.Lock()
	for {
		if p := &v.progress; p.number > after || p.over {
			defer v.mu.Unlock()
			return p.update, p.number, p.number > after, nil
		}
		w, err := loop.NewWaiter(ctx)
		if err != nil {
			v.mu.Unlock()
			return Update{}, 0, false, err
		}
		v.progress.waiters.PushBack(w)
		v.mu.Unlock()
		err = v.awaitUpdate(ctx, w)
		if err != nil {
			return Update{}, 0, false, err
		}
		v.mu.Lock()
	}
}

func (v *Invocation) awaitUpdate(ctx context.Context, w *loop.Waiter) error {
	defer func() { // deferred, for a task whose loop is closed is unwound here
		v.mu.Lock()
		v.progress.waiters.Remove(w)
		v.mu.Unlock()
	}()
	return w.Wait(ctx)
}

// Progress ranges over the updates of the function until the call ends. A slow
// reader gets the newest one each time. A cancel of ctx ends the range with a
// [*aio.CancelledError] and leaves the call alone.
func (c *Call[Out]) Progress(ctx context.Context) iter.Seq2[Update, error] {
	return func(yield func(Update, error) bool) {
		for number := uint64(0); ; {
			update, next, more, err := c.invocation.nextUpdate(ctx, number)
			if err != nil {
				yield(Update{}, err)
				return
			}
			if !more || !yield(update, nil) {
				return
			}
			number = next
		}
	}
}
