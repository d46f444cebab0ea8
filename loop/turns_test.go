package loop

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/goaio/aio/coro"
)

// Whatever tasks do, and however they end, each is the current one whenever its
// function runs, on whichever goroutine the loop does, and when it is closed none
// is left.
func TestTurns(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	for _, mode := range []string{"plain", "eager", "eager and watched", "debug", "eager debug", "shuffled"} {
		t.Run(mode, func(t *testing.T) {
			for range 30 {
				l := newLoopInMode(t, mode, random)
				s := &turnsTest{T: t, loop: l, random: random}
				for range 5 {
					s.start(3)
				}
				for range 20 {
					l.CallSoon(s.callback)
				}
				for run := range 1 + random.IntN(20) {
					if run > 0 && l.tasks.len() == 0 {
						break
					}
					ran := make(chan struct{})
					go func() { // another goroutine each time
						defer close(ran)
						if random.IntN(3) == 0 {
							l.CallLater(time.Duration(random.IntN(50))*time.Microsecond, l.Stop)
						} else if random.IntN(2) == 0 {
							l.CallSoon(l.Stop)
						} else {
							l.CallSoon(runtime.Goexit)
						}
						_ = l.RunForever()
					}()
					<-ran
					if len(l.turns.starters) > 0 || l.turns.single != (l.observer != nil) || l.turns.stepping || l.turns.ring.Home() != &l.turns.own {
						t.Fatalf("after a run: %d starters, single %v, stepping %v", len(l.turns.starters), l.turns.single, l.turns.stepping)
					}
					for _, task := range l.Tasks() {
						_ = task.Where()
					}
				}
				_ = l.Close()
				startedAll += s.started
				if s.left != 0 {
					t.Fatalf("%d tasks have not ended", s.left)
				}
			}
		})
	}
	t.Log(acts, closedActs, startedAll)
}

var acts, closedActs, startedAll int

func newLoopInMode(t *testing.T, mode string, random *rand.Rand) *Loop {
	o := Options{
		Driver:           "simulated",
		EagerStart:       strings.Contains(mode, "eager"),
		Debug:            strings.Contains(mode, "debug"),
		ExceptionHandler: func(*Loop, Exception) {},
		ReportHandler:    func(Report) {},
	}
	if strings.Contains(mode, "watched") {
		o.Watchdog = time.Hour
	}
	if mode == "shuffled" {
		o.Shuffle = random.Shuffle
	}
	l, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

type turnsTest struct {
	*testing.T
	loop    *Loop
	random  *rand.Rand
	tasks   []*Task
	futures []*Future
	left    int
	started int
}

func (s *turnsTest) start(depth int) {
	if s.started++; s.started > 200 {
		return
	}
	task := &Task{}
	Start(s.loop, task, context.Background(), body(func(ctx context.Context) error {
		s.left++
		defer func() {
			s.check(task)
			s.left--
		}()
		s.check(task)
		defer func() {
			for range s.random.IntN(3) { // which may await, on a loop that is being closed too
				s.act(ctx, task, 0)
			}
		}()
		for range s.random.IntN(10) {
			s.act(ctx, task, depth)
			s.check(task)
		}
		return nil
	}))
	s.tasks = append(s.tasks, task)
}

func (s *turnsTest) check(task *Task) {
	if CurrentTask() != task || !s.loop.turns.stepping || task.Where() != "running" {
		s.Errorf("%s runs, stepping %v, here %v, where %s", task.Name(), s.loop.turns.stepping, CurrentTask(), task.Where())
	}
}

func (s *turnsTest) callback() {
	if CurrentTask() != nil || s.loop.turns.stepping {
		s.Error("a task has control in a callback")
	}
	switch s.random.IntN(5) {
	case 0:
		s.start(2)
	case 1:
		s.where()
	case 2:
		s.complete()
	case 3:
		panic("callback")
	case 4:
		s.loop.Stop()
	}
	if CurrentTask() != nil || s.loop.turns.stepping {
		s.Error("a task has control in a callback")
	}
}

func (s *turnsTest) where() {
	if len(s.tasks) > 0 {
		task := s.tasks[s.random.IntN(len(s.tasks))]
		if where := task.Where(); where == "" || !task.Completed() && task.coroutine() != nil && where != "running" && where != "starting a task" && !strings.Contains(where, "_test.go") {
			s.Errorf("%s is at %q", task.Name(), where)
		}
	}
	_ = s.loop.Snapshot()
}

func (s *turnsTest) complete() {
	for i, f := range s.futures {
		if s.random.IntN(2) == 0 {
			f.Complete(nil, nil)
			s.futures[i] = &Future{}
		}
	}
}

func (s *turnsTest) act(ctx context.Context, task *Task, depth int) {
	acts++
	if l := s.loop; l.closed.Load() {
		closedActs++
	}
	switch s.random.IntN(14) {
	case 0, 1:
		_ = Yield(ctx)
	case 2:
		_ = Sleep(ctx, time.Duration(s.random.IntN(20))*time.Microsecond)
	case 3:
		f := &Future{}
		s.futures = append(s.futures, f)
		_, _ = f.Wait(ctx)
	case 4:
		s.complete()
	case 5, 6:
		if depth > 0 {
			s.start(depth - 1)
		}
	case 7:
		s.where()
	case 8:
		if s.random.IntN(4) == 0 {
			runtime.Goexit()
		}
	case 9:
		if s.random.IntN(4) == 0 {
			panic("task")
		}
	case 10:
		s.loop.CallSoon(s.callback)
	case 11:
		if len(s.tasks) > 0 {
			s.tasks[s.random.IntN(len(s.tasks))].Cancel(nil)
		}
	case 12:
		if len(s.tasks) > 0 {
			_, _ = s.tasks[s.random.IntN(len(s.tasks))].Join(ctx)
		}
	case 13:
		if depth > 0 {
			s.generate(ctx, task, depth-1)
		}
	}
}

// generate acts in the body of a generator.
func (s *turnsTest) generate(ctx context.Context, task *Task, depth int) {
	g := coro.NewGenerator(func(y *coro.Yielder[int, int]) error {
		defer func() {
			s.check(task)
			if s.random.IntN(2) == 0 {
				s.act(ctx, task, 0)
			}
		}()
		for range s.random.IntN(4) {
			s.act(ctx, task, depth)
			s.check(task)
			if _, err := y.Yield(1); err != nil {
				return err
			}
			s.check(task)
		}
		return nil
	})
	defer func() { _ = g.Close() }()
	for range g.All() {
		s.act(ctx, task, depth)
		s.check(task)
	}
}

// Shuffle is the program's function: a panic in it is nobody's step.
func TestAPanicInShuffleIsACallbacks(t *testing.T) {
	var heard []Exception
	calls := 0
	l := newLoop(t, func(o *Options) {
		o.ExceptionHandler = func(_ *Loop, e Exception) { heard = append(heard, e) }
		o.Shuffle = func(int, func(i, j int)) {
			if CurrentTask() != nil {
				t.Error("called in a task")
			}
			if calls++; calls > 2 {
				panic(errTest)
			}
		}
	})
	var tasks []*Task
	for range 2 {
		tasks = append(tasks, start(l, func(ctx context.Context) error {
			return errors.Join(Yield(ctx), Yield(ctx), Yield(ctx))
		}))
	}
	for _, task := range tasks {
		if err := l.RunUntilComplete(task); err != nil {
			t.Error(err)
		}
	}
	for _, e := range heard {
		if e.Task != nil || !errors.Is(e.Err, errTest) {
			t.Errorf("heard %+v", e)
		}
	}
	if len(heard) == 0 || len(heard) != calls-2 {
		t.Errorf("heard of %d of %d panics", len(heard), calls-2)
	}
}
