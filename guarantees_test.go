package aio_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/goaio/aio"
	"github.com/goaio/aio/aiotest"
	"github.com/goaio/aio/loop"
)

// The tests here are those that docs/guarantees.md needs and no primitive's own
// file has.

var (
	namedTest = regexp.MustCompile(`\[(Test\w+)\]`)
	testFunc  = regexp.MustCompile(`(?m)^func (Test\w+)\(`)
)

func TestEveryGuaranteeNamesItsTest(t *testing.T) {
	page, err := os.ReadFile("docs/guarantees.md")
	if err != nil {
		t.Fatal(err)
	}
	tests := testsOfTheTree(t)
	sentences := 0
	for _, paragraph := range regexp.MustCompile(`\n\n|\n- |\n#`).Split(string(page), -1) {
		paragraph = strings.TrimSpace(paragraph)
		if paragraph == "" || strings.HasPrefix(paragraph, "#") || !strings.ContainsAny(paragraph, ".:") {
			continue // a heading
		}
		sentences++
		if !strings.HasSuffix(paragraph, "]") || namedTest.FindString(paragraph) == "" {
			t.Errorf("no test at the end of %q", paragraph)
		}
		for _, test := range namedTest.FindAllStringSubmatch(paragraph, -1) {
			if !tests[test[1]] {
				t.Errorf("there is no %s, which is to hold %q", test[1], paragraph)
			}
		}
	}
	if sentences < 50 {
		t.Errorf("only %d sentences were found", sentences)
	}
}

func testsOfTheTree(t *testing.T) map[string]bool {
	tests := map[string]bool{}
	if err := filepath.WalkDir(".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		for _, test := range testFunc.FindAllSubmatch(source, -1) {
			tests[string(test[1])] = true
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return tests
}

// Tasks and callbacks change a plain variable, and give the processor away in
// between.
func TestOnlyAnAwaitLetsAnotherIn(t *testing.T) {
	err := Run(context.Background(), func(ctx context.Context) error {
		inside, most := 0, 0
		critical := func() {
			inside++
			most = max(most, inside)
			for range 10 {
				runtime.Gosched()
			}
			inside--
		}
		err := Group(ctx, func(ctx context.Context) error {
			for range 10 {
				Go(ctx, func(ctx context.Context) error {
					for range 10 {
						critical()
						loop.Current().CallSoon(critical)
						if err := Yield(ctx); err != nil {
							return err
						}
					}
					return nil
				})
			}
			return nil
		})
		if most != 1 {
			t.Errorf("%d were at it at once", most)
		}
		return err
	}, NoInterrupt())
	if err != nil {
		t.Error(err)
	}
}

func TestWhereATaskRuns(t *testing.T) {
	where := func(ctx context.Context) (*loop.Loop, error) { return loop.Current(), nil }
	err := Run(context.Background(), func(of context.Context) error {
		// A goroutine with no loop under it.
		result := make(chan error, 1)
		go func() {
			result <- func() error {
				l, err := Async(of, where).Await(context.Background())
				if l != loop.Of(of) || err != nil {
					t.Errorf("started by a goroutine it runs on %v, not on the context's loop: %v", l, err)
				}
				l, err = Async(context.Background(), where).Await(context.Background())
				if l != nil || err != nil {
					t.Errorf("with no loop it runs on %v: %v", l, err)
				}
				return Run(context.Background(), func(ctx context.Context) error {
					l, err := Async(of, where).Await(ctx)
					if l != loop.Current() {
						t.Errorf("it runs on %v, not on its starter's loop", l)
					}
					return err
				}, NoInterrupt())
			}()
		}()
		err, _, received := Recv(of, result)
		return errors.Join(err, received)
	}, NoInterrupt())
	if err != nil {
		t.Error(err)
	}
}

func TestAFutureIsCompletedOnceFromAnywhere(t *testing.T) {
	for range 20 {
		f := NewFuture[int]()
		var won atomic.Int64
		var all sync.WaitGroup
		complete := func(i int) {
			switch err := f.SetResult(i); {
			case err == nil:
				if !won.CompareAndSwap(0, int64(i)) {
					t.Error("completed twice")
				}
			case !errors.Is(err, ErrInvalidState):
				t.Error(err)
			}
		}
		for i := range 4 {
			all.Go(func() { complete(1 + i) })
			all.Go(func() {
				if err := Run(context.Background(), func(ctx context.Context) error {
					complete(10 + i)
					v, err := f.Await(ctx)
					if err == nil && int64(v) != won.Load() && won.Load() != 0 {
						t.Errorf("awaited %d, set %d", v, won.Load())
					}
					return err
				}, NoInterrupt()); err != nil {
					t.Error(err)
				}
			})
		}
		v, err := f.Await(context.Background())
		all.Wait()
		if int64(v) != won.Load() || err != nil {
			t.Errorf("awaited %d, set %d: %v", v, won.Load(), err)
		}
	}
}

// An await that is cancelled, and then the state of what it waited for.
func TestACancelledAwaitHasHadNoEffect(t *testing.T) {
	for name, try := range map[string]func(ctx context.Context) (wait func(context.Context) error, asBefore func() bool){
		"Mutex": func(ctx context.Context) (func(context.Context) error, func() bool) {
			var m Mutex
			m.TryLock()
			return m.Lock, func() bool { m.Unlock(); return m.TryLock() }
		},
		"Semaphore": func(ctx context.Context) (func(context.Context) error, func() bool) {
			s := NewSemaphore(0)
			return s.Acquire, func() bool { s.Release(); return s.TryAcquire() && !s.TryAcquire() }
		},
		"Event": func(ctx context.Context) (func(context.Context) error, func() bool) {
			var e Event
			return e.Wait, func() bool { return !e.IsSet() }
		},
		"Condition": func(ctx context.Context) (func(context.Context) error, func() bool) {
			c := NewCondition(nil)
			return func(ctx context.Context) error {
				if err := c.Lock(ctx); err != nil {
					return err
				}
				defer c.Unlock()
				return c.Wait(ctx)
			}, func() bool { return !c.Locked() }
		},
		"Barrier": func(ctx context.Context) (func(context.Context) error, func() bool) {
			b := NewBarrier(2)
			return func(ctx context.Context) error { _, err := b.Wait(ctx); return err },
				func() bool { return b.Waiting() == 0 && !b.Broken() }
		},
		"Get": func(ctx context.Context) (func(context.Context) error, func() bool) {
			q := NewQueue[int](1)
			return func(ctx context.Context) error { _, err := q.Get(ctx); return err },
				func() bool { return q.PutNoWait(1) == nil && q.Len() == 1 }
		},
		"Put": func(ctx context.Context) (func(context.Context) error, func() bool) {
			q := NewQueue[int](1)
			_ = q.PutNoWait(1)
			return func(ctx context.Context) error { return q.Put(ctx, 2) }, func() bool {
				v, err := q.GetNoWait()
				return v == 1 && err == nil && q.Empty()
			}
		},
		"Join": func(ctx context.Context) (func(context.Context) error, func() bool) {
			q := NewQueue[int](0)
			_ = q.PutNoWait(1)
			return q.Join, func() bool { return q.TaskDone() == nil && errors.Is(q.TaskDone(), ErrTaskDoneTooOften) }
		},
		"Future": func(ctx context.Context) (func(context.Context) error, func() bool) {
			f := NewFuture[int]()
			return func(ctx context.Context) error { _, err := f.Await(ctx); return err },
				func() bool { return !f.Completed() && f.SetResult(1) == nil }
		},
		"Recv": func(ctx context.Context) (func(context.Context) error, func() bool) {
			c := make(chan int, 1)
			return func(ctx context.Context) error { _, _, err := Recv(ctx, c); return err },
				func() bool { c <- 1; return len(c) == 1 }
		},
		"Send": func(ctx context.Context) (func(context.Context) error, func() bool) {
			c := make(chan int, 1)
			c <- 1
			return func(ctx context.Context) error { return Send(ctx, c, 2) }, func() bool { return <-c == 1 && len(c) == 0 }
		},
	} {
		t.Run(name, func(t *testing.T) {
			aiotest.Run(t, func(ctx context.Context) {
				wait, asBefore := try(ctx)
				task := Go(ctx, wait)
				_ = Sleep(ctx, time.Second)
				task.Cancel(errTest)
				if _, err := task.Await(ctx); !IsCancelled(err) || !errors.Is(err, errTest) {
					t.Errorf("got %v", err)
				}
				if !asBefore() {
					t.Error("it is not as before")
				}
			})
		})
	}
}

func TestTheOrderOfShutdown(t *testing.T) {
	var mu sync.Mutex
	var log lines
	note := func(text string) {
		mu.Lock()
		defer mu.Unlock()
		log.log(text)
	}
	var l *loop.Loop
	began, released := make(chan struct{}), make(chan struct{})
	err := Run(context.Background(), func(ctx context.Context) error {
		l = loop.Current()
		Go(ctx, func(context.Context) error { return errTest })
		Go(ctx, func(ctx context.Context) error {
			_, err := Blocking(ctx, func(context.Context) (int, error) {
				close(began)
				<-released // and not when the task is cancelled
				for range 100 {
					runtime.Gosched()
				}
				note("pool")
				return 0, nil
			})
			return err
		})
		Go(ctx, func(ctx context.Context) error {
			err := Sleep(ctx, time.Hour)
			note("task")
			// What cleans up still has the pool.
			if err := Cleanup(ctx, time.Minute, func(ctx context.Context) error {
				_, err := Blocking(ctx, func(context.Context) (int, error) { note("clean-up"); return 0, nil })
				return err
			}); err != nil {
				t.Error(err)
			}
			close(released)
			return err
		})
		_, _, err := Recv(ctx, began)
		note("main")
		return err
	}, NoInterrupt(), Workers(2), ExceptionHandler(func(_ *loop.Loop, e loop.Exception) { note("unread: " + e.Err.Error()) }))
	if err != nil {
		t.Error(err)
	}
	log.want(t, "main", "task", "clean-up", "pool", "unread: test")
	started := Go(loop.Carry(context.Background(), l, nil), func(context.Context) error { return nil })
	if _, err := started.Await(context.Background()); !errors.Is(err, ErrClosed) {
		t.Errorf("a task of the closed loop ended with %v", err)
	}
}
