package stress

import (
	"context"
	"flag"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/loop"
)

var (
	duration = flag.Duration("for", 3*time.Second, "how long the workers go on")
	seedFlag = flag.Uint64("seed", 0, "the seed of what they do; 0 takes one from the clock")
	patience = flag.Duration("patience", time.Minute, "how long a worker may be without progress")
)

const (
	loops            = 20
	tasksOfALoop     = 10
	plainGoroutines  = 200
	helpersOfALoop   = 4 // tasks that keep the rooms going
	longestTreatment = 2 * time.Millisecond
)

// A room holds one kind of primitive, which all workers share.
type room interface {
	// use uses the primitive once. It returns an error only if ctx or the task
	// was cancelled, or if something is wrong.
	use(ctx context.Context, r *rand.Rand) error
	// check says what is wrong now that nobody is in the room any more.
	check(t *testing.T)
}

// A helped room needs somebody who goes on when all workers wait. help returns
// when ctx is cancelled, or when the room is closed.
type helped interface {
	help(ctx context.Context, r *rand.Rand) error
	close()
}

// run is what one stress test shares.
type run struct {
	t       *testing.T
	seed    uint64
	rooms   []room
	loops   []*loop.Loop
	workers []*worker
	stop    atomic.Bool
}

// worker is a task or a goroutine that goes from room to room.
type worker struct {
	name  string
	uses  atomic.Int64
	in    atomic.Int32 // the room
	ended atomic.Bool
}

func TestStress(t *testing.T) {
	seed := *seedFlag
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("seed %d, for %v", seed, *duration)
	r := &run{t: t, seed: seed}
	r.rooms = r.furnish()
	crew := r.start()
	watch := r.watch()
	time.Sleep(*duration)
	r.stop.Store(true)
	crew.end()
	close(watch)
	if t.Failed() {
		return
	}
	uses := int64(0)
	for _, w := range r.workers {
		if n := w.uses.Load(); n == 0 {
			t.Errorf("%s has done nothing", w.name)
		} else {
			uses += n
		}
	}
	for _, room := range r.rooms {
		room.check(t)
	}
	t.Logf("%d uses", uses)
}

func (r *run) random(stream int) *rand.Rand { return rand.New(rand.NewPCG(r.seed, uint64(stream))) }

func (r *run) worker(name string) *worker {
	w := &worker{name: name}
	r.workers = append(r.workers, w)
	return w
}

// work goes on until the run is stopped. Nothing interrupts the last use: if
// nobody wakes it, it shows.
func (r *run) work(ctx context.Context, w *worker, random *rand.Rand) error {
	defer w.ended.Store(true)
	for !r.stop.Load() {
		i := random.IntN(len(r.rooms))
		w.in.Store(int32(i))
		if err := treat(ctx, random, func(ctx context.Context) error { return r.rooms[i].use(ctx, random) }); err != nil {
			r.t.Errorf("%s in %T: %v", w.name, r.rooms[i], err)
			return nil
		}
		w.uses.Add(1)
		if random.IntN(4) == 0 {
			if err := aio.Yield(ctx); err != nil {
				r.t.Errorf("%s: %v", w.name, err)
			}
		}
	}
	return nil
}
