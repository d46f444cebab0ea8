package stress

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"runtime/pprof"
	"sync"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/loop"
)

// crew is who works: the tasks of the loops, and the goroutines.
type crew struct {
	run     *run
	working sync.WaitGroup // the workers
	loops   sync.WaitGroup // the loops, whose main tasks go on for as long as there are workers
	begin   *aio.Event     // when all loops run
	over    *aio.Event
	helpers context.Context
	dismiss context.CancelFunc
}

func (r *run) start() *crew {
	c := &crew{run: r, begin: &aio.Event{}, over: &aio.Event{}}
	c.helpers, c.dismiss = context.WithCancel(context.Background())
	started := make(chan *loop.Loop)
	for i := range loops {
		names := make([]*worker, tasksOfALoop)
		for j := range names {
			names[j] = r.worker(fmt.Sprintf("task %d of loop %d", j, i))
		}
		c.working.Add(len(names))
		c.loops.Go(func() {
			if err := aio.Run(context.Background(), func(ctx context.Context) error {
				started <- loop.Current()
				if err := c.begin.Wait(ctx); err != nil {
					return err
				}
				c.help(ctx, i)
				for j, w := range names {
					aio.Go(ctx, func(ctx context.Context) error {
						defer c.working.Done()
						return r.work(ctx, w, r.random(i*tasksOfALoop+j))
					})
				}
				return c.over.Wait(ctx)
			}, aio.NoInterrupt(), aio.ExceptionHandler(func(l *loop.Loop, e loop.Exception) {
				r.t.Errorf("%v: %v", l, e)
			})); err != nil {
				r.t.Errorf("loop %d: %v", i, err)
			}
		})
	}
	for range loops {
		r.loops = append(r.loops, <-started)
	}
	c.begin.Set()
	for i := range plainGoroutines {
		w := r.worker(fmt.Sprintf("goroutine %d", i))
		c.working.Go(func() { _ = r.work(context.Background(), w, r.random(1000+i)) })
	}
	return c
}

// help has some of a loop's tasks keep rooms going, and goroutines too.
func (c *crew) help(ctx context.Context, l int) {
	for h := range helpersOfALoop {
		stream := 10_000 + l*helpersOfALoop + h
		room, ok := c.run.rooms[(l*helpersOfALoop+h)%len(c.run.rooms)].(helped)
		if !ok {
			continue
		}
		help := func(ctx context.Context) error {
			if err := room.help(ctx, c.run.random(stream)); forgive(err) != nil {
				c.run.t.Errorf("helper of %T: %v", room, err)
			}
			return nil
		}
		if (l+h)%helpersOfALoop == 0 {
			c.loops.Go(func() { _ = help(c.helpers) })
			continue
		}
		task := aio.Go(ctx, help)
		context.AfterFunc(c.helpers, func() { task.Cancel(errEnough) })
	}
}

// end waits until the workers have gone home, and then dismisses the helpers.
func (c *crew) end() {
	c.working.Wait()
	for _, room := range c.run.rooms {
		if room, ok := room.(helped); ok {
			room.close()
		}
	}
	c.dismiss()
	c.over.Set()
	c.loops.Wait()
}

// watch ends the process when a worker has made no progress for too long: that
// is what a lost wake-up looks like.
func (r *run) watch() (done chan struct{}) {
	done = make(chan struct{})
	go func() {
		uses, since := make([]int64, len(r.workers)), make([]time.Time, len(r.workers))
		for {
			for i, w := range r.workers {
				if now := w.uses.Load(); since[i].IsZero() || now != uses[i] || w.ended.Load() {
					uses[i], since[i] = now, time.Now()
				} else if time.Since(since[i]) > *patience {
					r.stuck(w)
				}
			}
			select {
			case <-done:
				return
			case <-time.After(time.Second):
			}
		}
	}()
	return done
}

// stuck says who waits where: the coroutines of tasks are in the profile too.
func (r *run) stuck(w *worker) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s has been in %T for more than %v; seed %d. Those who are somewhere now:\n", w.name, r.rooms[w.in.Load()], *patience, r.seed)
	for _, w := range r.workers {
		if !w.ended.Load() {
			fmt.Fprintf(&b, "%s: %T\n", w.name, r.rooms[w.in.Load()])
		}
	}
	_ = pprof.Lookup("goroutine").WriteTo(&b, 1)
	os.Stderr.Write(b.Bytes())
	os.Exit(1)
}
