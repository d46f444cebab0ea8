package aio

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"runtime"
	"time"

	"github.com/goaio/aio/loop"
)

// Option is a setting of [Run].
type Option func(*settings)

type settings struct {
	loop            loop.Options
	workers         int
	shutdownTimeout time.Duration
	interrupts      bool
}

// Driver chooses the loop's driver by name: "epoll", "kqueue", "portable", "simulated"
// (virtual time). Without it the environment's AIO_DRIVER decides, else the
// system's best is taken.
func Driver(name string) Option { return func(s *settings) { s.loop.Driver = name } }

// EagerStart has tasks run up to their first suspension when they are started,
// within their starter's step, instead of from the next round on: asyncio's
// eager_task_factory. A start is then a switch of coroutines, as an await is: it
// must not be made with the OS thread locked, see [Run].
func EagerStart() Option { return func(s *settings) { s.loop.EagerStart = true } }

// ExceptionHandler has handler hear of what went wrong where nobody awaits:
// panics of callbacks and tasks, errors of tasks that nobody read. Without it
// they are logged, and a task's panic ends Run.
func ExceptionHandler(handler func(*loop.Loop, loop.Exception)) Option {
	return func(s *settings) { s.loop.ExceptionHandler = handler }
}

// Workers bounds the thread pool that [Blocking] uses.
func Workers(n int) Option { return func(s *settings) { s.workers = n } }

// ShutdownTimeout bounds how long Run waits at its end for tasks that were
// cancelled, and for functions on the thread pool. What is left then is
// abandoned and named in Run's error. Without it Run waits for tasks as long
// as they take, as asyncio does, and five minutes for the pool.
func ShutdownTimeout(d time.Duration) Option { return func(s *settings) { s.shutdownTimeout = d } }

// Shuffle permutes the steps of tasks within each round of the loop: shuffle is
// called with their number and swaps them, as [math/rand/v2.Shuffle] does. It is
// for tests; package aiotest has it with a seed.
func Shuffle(shuffle func(n int, swap func(i, j int))) Option {
	return func(s *settings) { s.loop.Shuffle = shuffle }
}

// NoInterrupt leaves the interrupt signal alone. It is for programs that catch
// os.Interrupt themselves, with [Signals] or [loop.Loop.AddSignalHandler]:
// without it the first interrupt cancels main as well as reaching them, and the
// second reaches them instead of ending the process.
func NoInterrupt() Option { return func(s *settings) { s.interrupts = false } }

// Run runs main as the first task of a new loop, on the calling goroutine, and
// returns its error.
//
// When main has ended the rest is shut down in asyncio.run's order: the tasks
// that are left are cancelled and awaited, then the thread pools are shut down,
// then errors that nobody awaited go to the exception handler, then the loop is
// closed.
//
// A cancel of ctx cancels main. So does an interrupt from the keyboard: Run
// returns an error for which errors.Is(err, [ErrInterrupted]) holds, after
// main's clean-up; a second interrupt ends the process at once. A panic of main
// is returned as a [*PanicError]; a panic of a task that nobody awaits cancels
// main and is returned. If main calls runtime.Goexit, as testing.T.FailNow
// does, so does Run after the shutdown.
//
// A task must not await, nor end, while it has the OS thread locked
// ([runtime.LockOSThread]): the runtime ends the program then, and nothing can
// recover that. Unlock it before, or hand to [Blocking] what needs a thread of
// its own; with [Debug] such an await returns [loop.ErrThreadLocked] instead. Run
// may be called with the thread locked: then all its tasks run on that thread.
func Run(ctx context.Context, main func(ctx context.Context) error, options ...Option) error {
	s := settings{interrupts: true}
	for _, option := range options {
		option(&s)
	}
	r := &run{settings: s}
	if s.loop.ExceptionHandler == nil {
		s.loop.ExceptionHandler = r.exception
	}
	l, err := loop.New(s.loop)
	if err != nil {
		return err
	}
	r.loop = l
	configureExecutors(l, s.workers)
	m := &Task[struct{}]{}
	m.core.SetName("main")
	m.core.Own()
	r.main = &m.core
	loop.Start(l, &m.core, ctx, effect(main))
	if s.interrupts {
		defer r.watchInterrupts()()
	}
	err = l.RunUntilComplete(&m.core)
	return r.finish(err)
}

// run is one call of Run.
type run struct {
	settings settings
	loop     *loop.Loop
	main     *loop.Task
	panicked error
}

// exception is the default exception handler: what asyncio does, but that a
// panic ends Run.
func (r *run) exception(l *loop.Loop, e loop.Exception) {
	var p *PanicError
	if e.Task == nil || !errors.As(e.Err, &p) {
		loop.DefaultExceptionHandler(l, e)
		return
	}
	if r.panicked == nil {
		r.panicked = p
		r.main.Cancel(p)
	}
}

// watchInterrupts turns the first interrupt into a cancel of main and gives the
// signal back, so that the next one has the effect it always has.
func (r *run) watchInterrupts() (stop func()) {
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt)
	over := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		select {
		case <-interrupts:
			signal.Stop(interrupts)
			r.main.Cancel(ErrInterrupted)
		case <-over:
			signal.Stop(interrupts)
		}
	}()
	return func() {
		close(over)
		<-ended
	}
}

// finish shuts everything down after main.
func (r *run) finish(err error) error {
	deadline := time.Time{}
	if d := r.settings.shutdownTimeout; d > 0 {
		deadline = r.loop.Now().Add(d)
		r.loop.CallAt(deadline, func() {})
	}
	errs := []error{err}
	errs = append(errs, r.loop.Shutdown(nil, func() bool {
		return !deadline.IsZero() && !r.loop.Now().Before(deadline)
	}))
	pools, cancel := context.WithTimeout(context.Background(), r.poolTimeout())
	errs = append(errs, closeExecutors(pools, r.loop))
	cancel()
	errs = append(errs, r.loop.Close())
	if r.panicked != nil && !errors.Is(err, r.panicked) {
		errs = append(errs, r.panicked)
	}
	if errors.Is(err, ErrGoexit) && r.main.Completed() {
		runtime.Goexit()
	}
	return joined(errs)
}

func (r *run) poolTimeout() time.Duration {
	if d := r.settings.shutdownTimeout; d > 0 {
		return d
	}
	return 5 * time.Minute
}

// joined is errors.Join that leaves a single error as it is.
func joined(errs []error) error {
	var found []error
	for _, err := range errs {
		if err != nil {
			found = append(found, err)
		}
	}
	if len(found) == 1 {
		return found[0]
	}
	return errors.Join(found...)
}
