package aio_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/goaio/aio"
)

func TestAGroupWaitsForEverythingStartedInIt(t *testing.T) {
	virtually(t, func(ctx context.Context) error {
		var log lines
		err := Group(ctx, func(ctx context.Context) error {
			Go(ctx, func(ctx context.Context) error {
				Go(context.WithValue(ctx, contextKey{}, 1), func(ctx context.Context) error {
					defer log.log("grandchild")
					return Sleep(ctx, 2*time.Second)
				})
				log.log("child")
				return nil
			})
			log.log("body")
			return nil
		})
		log.log("left")
		log.want(t, "body", "child", "grandchild", "left")
		return err
	})
}

func TestAFailureCancelsTheSiblings(t *testing.T) {
	virtually(t, func(ctx context.Context) error {
		var log lines
		err := Group(ctx, func(ctx context.Context) error {
			for _, name := range []string{"a", "b"} {
				Go(ctx, func(ctx context.Context) error {
					err := Sleep(ctx, time.Hour)
					log.log(fmt.Sprintf("%s: %v", name, errors.Is(err, errTest)))
					return err
				})
			}
			Go(ctx, func(ctx context.Context) error {
				_ = Sleep(ctx, time.Second)
				return errTest
			})
			return Sleep(ctx, time.Hour)
		})
		log.want(t, "a: true", "b: true")
		var group *GroupError
		if !errors.As(err, &group) || len(group.Errors) != 1 || !errors.Is(err, errTest) || IsCancelled(err) {
			t.Errorf("got %v", err)
		}
		return ctx.Err()
	})
}

func TestErrorsOfAGroupStandInTheirOrder(t *testing.T) {
	virtually(t, func(ctx context.Context) error {
		fails := func(d time.Duration, text string) func(context.Context) error {
			return func(ctx context.Context) error {
				_ = Sleep(ctx, d)
				return errors.New(text)
			}
		}
		err := Group(ctx, func(ctx context.Context) error {
			Go(ctx, fails(2*time.Second, "second"))
			Go(ctx, fails(time.Second, "first"))
			_ = Sleep(ctx, time.Hour)
			return errors.New("body")
		})
		if err == nil || err.Error() != "3 tasks failed: first; second; body" {
			t.Errorf("got %v", err)
		}
		return nil
	})
}

func TestACancelOfTheOwnerReachesTheChildren(t *testing.T) {
	virtually(t, func(ctx context.Context) error {
		var log lines
		owner := Go(ctx, func(ctx context.Context) error {
			return Group(ctx, func(ctx context.Context) error {
				Go(ctx, func(ctx context.Context) error {
					err := Sleep(ctx, time.Hour)
					log.log("child")
					return err
				})
				return nil
			})
		})
		_ = Sleep(ctx, time.Second)
		owner.Cancel(errTest)
		_, err := owner.Await(ctx)
		log.want(t, "child")
		if !IsCancelled(err) || !errors.Is(err, errTest) {
			t.Errorf("got %v", err)
		}
		return nil
	})
}

// The context package's error of a stranger is a failure, not a cancel.
func TestAStrayContextErrorIsAFailure(t *testing.T) {
	virtually(t, func(ctx context.Context) error {
		err := Group(ctx, func(ctx context.Context) error {
			Go(ctx, func(context.Context) error { return context.Canceled })
			return nil
		})
		var group *GroupError
		if !errors.As(err, &group) {
			t.Errorf("got %v", err)
		}
		return nil
	})
}

// What a library returns that watched the task's context is a cancel.
func TestTheContextsOwnErrorIsACancel(t *testing.T) {
	virtually(t, func(ctx context.Context) error {
		task := Go(ctx, func(ctx context.Context) error {
			_ = Sleep(ctx, time.Hour)
			return fmt.Errorf("library: %w", ctx.Err())
		})
		_ = Yield(ctx)
		task.Cancel(nil)
		_, err := task.Await(ctx)
		if !task.Cancelled() || !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		return nil
	})
}

func TestAPanicComesOutOfTheGroup(t *testing.T) {
	virtually(t, func(ctx context.Context) error {
		var log lines
		defer func() {
			p, ok := recover().(*PanicError)
			if !ok || p.Value != "boom" || !strings.Contains(string(p.Stack), "panicsInAGroup") {
				t.Errorf("recovered %v", p)
			}
			log.want(t, "sibling")
		}()
		_ = Group(ctx, func(ctx context.Context) error {
			Go(ctx, func(ctx context.Context) error {
				err := Sleep(ctx, time.Hour)
				log.log("sibling")
				return err
			})
			Go(ctx, panicsInAGroup)
			return Sleep(ctx, time.Hour)
		})
		t.Error("the group returned")
		return nil
	})
}

func panicsInAGroup(context.Context) error { panic("boom") }

func TestAPanicOfTheBodyWaitsForTheTasks(t *testing.T) {
	virtually(t, func(ctx context.Context) error {
		var log lines
		func() {
			defer func() { log.log(fmt.Sprint(recover())) }()
			_ = Group(ctx, func(ctx context.Context) error {
				Go(ctx, func(ctx context.Context) error {
					err := Sleep(ctx, time.Hour)
					log.log("task")
					return err
				})
				_ = Yield(ctx)
				panic("body")
			})
		}()
		log.want(t, "task", "body")
		return nil
	})
}

func TestAGroupThatHasEndedTakesNoTasks(t *testing.T) {
	virtually(t, func(ctx context.Context) error {
		var inside context.Context
		_ = Group(ctx, func(ctx context.Context) error { inside = ctx; return nil })
		task := Go(inside, func(context.Context) error { t.Error("it ran"); return nil })
		if _, err := task.Await(ctx); !errors.Is(err, ErrGroupDone) {
			t.Errorf("got %v", err)
		}
		return nil
	})
}

func TestDetachedTasksLeaveTheGroup(t *testing.T) {
	var log lines
	// Not with aiotest, for the task is left to the end of Run on purpose.
	err := Run(context.Background(), func(ctx context.Context) error {
		err := Group(ctx, func(ctx context.Context) error {
			Go(Detached(ctx), func(ctx context.Context) error {
				err := Sleep(ctx, time.Hour)
				log.log(fmt.Sprintf("detached, cancelled: %v", IsCancelled(err)))
				return err
			})
			return nil
		})
		log.log("left")
		_ = Sleep(ctx, time.Second)
		return err
	}, Driver("simulated"))
	if err != nil {
		t.Error(err)
	}
	log.want(t, "left", "detached, cancelled: true")
}

func TestAGroupOnAPlainGoroutine(t *testing.T) {
	var ended atomic.Int32
	err := Group(context.Background(), func(ctx context.Context) error {
		for range 10 {
			Go(ctx, func(ctx context.Context) error {
				defer ended.Add(1)
				return Sleep(ctx, time.Hour)
			})
		}
		Go(ctx, func(context.Context) error { return errTest })
		return nil
	})
	if !errors.Is(err, errTest) || ended.Load() != 10 {
		t.Errorf("got %v, %d tasks ended", err, ended.Load())
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	err = Group(ctx, func(ctx context.Context) error {
		Go(ctx, func(ctx context.Context) error { return Sleep(ctx, time.Hour) })
		cancel(errTest)
		return Sleep(ctx, time.Hour)
	})
	if !IsCancelled(err) {
		t.Errorf("got %v", err)
	}
}

// A group's tasks may run on several loops; news of their ends comes home.
func TestAGroupAcrossLoops(t *testing.T) {
	err := Run(context.Background(), func(ctx context.Context) error {
		var log lines
		err := Group(ctx, func(ctx context.Context) error {
			started := make(chan struct{})
			go func() {
				_ = Run(context.Background(), func(other context.Context) error {
					Go(ctx, func(ctx context.Context) error { // on the other loop
						close(started)
						return Sleep(ctx, time.Hour)
					})
					return Sleep(other, 10*time.Millisecond)
				}, NoInterrupt())
			}()
			<-started
			Go(ctx, func(ctx context.Context) error { return errTest })
			return nil
		})
		if !errors.Is(err, errTest) {
			t.Errorf("got %v", err)
		}
		log.want(t)
		return nil
	}, NoInterrupt())
	if err != nil {
		t.Error(err)
	}
}

// A group's owner cannot end before its tasks: who awaits it from inside the
// group, in whichever way, hears of the circle at once.
func TestACircleThroughAGroup(t *testing.T) {
	for _, c := range []struct {
		name, want string
		await      func(ctx context.Context, owner *Task[struct{}]) error
	}{
		{"child", "deadlock: child awaits owner, whose group has child", func(ctx context.Context, owner *Task[struct{}]) error {
			_, err := owner.Await(ctx)
			return err
		}},
		{"gather", "deadlock: child awaits owner, whose group has child", func(ctx context.Context, owner *Task[struct{}]) error {
			_, err := GatherTasks(ctx, owner)
			return err
		}},
		{"grandchild", "deadlock: inner awaits owner, whose group has child, whose group has inner", func(ctx context.Context, owner *Task[struct{}]) error {
			return Group(ctx, func(ctx context.Context) error {
				Go(ctx, func(ctx context.Context) error {
					_, err := owner.Await(ctx)
					return err
				}, Name("inner"))
				return nil
			})
		}},
		{"between", "deadlock: child awaits between awaits owner, whose group has child", func(ctx context.Context, owner *Task[struct{}]) error {
			between := Go(Detached(ctx), func(ctx context.Context) error {
				_, err := owner.Await(ctx)
				return err
			}, Name("between"))
			if err := Yield(ctx); err != nil {
				return err
			}
			_, err := between.Await(ctx)
			between.Cancel(nil)
			return err
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			virtually(t, func(ctx context.Context) error {
				var owner *Task[struct{}]
				owner = Go(ctx, func(ctx context.Context) error {
					return Group(ctx, func(ctx context.Context) error {
						Go(ctx, func(ctx context.Context) error { return c.await(ctx, owner) }, Name("child"))
						return nil
					})
				}, Name("owner"))
				_, err := owner.Await(ctx)
				var deadlock *DeadlockError
				if !errors.As(err, &deadlock) || !deadlock.Cycle || deadlock.Error() != c.want {
					t.Errorf("got %v", err)
				}
				return nil
			})
		})
	}
}

// One who awaits a task of a group of another is no part of a circle.
func TestAnOwnerAwaitsItsOwn(t *testing.T) {
	virtually(t, func(ctx context.Context) error {
		return Group(ctx, func(ctx context.Context) error {
			first := Go(ctx, func(ctx context.Context) error { return Sleep(ctx, time.Second) })
			Go(ctx, func(ctx context.Context) error {
				_, err := first.Await(ctx)
				return err
			})
			_, err := first.Await(ctx)
			return err
		})
	})
}
