package loop

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"
)

// infoOf finds a task in a snapshot.
func infoOf(t *testing.T, infos []TaskInfo, name string) TaskInfo {
	t.Helper()
	i := slices.IndexFunc(infos, func(i TaskInfo) bool { return i.Name == name })
	if i < 0 {
		t.Fatalf("no task %s among %v", name, infos)
	}
	return infos[i]
}

// named starts fn as a task with a name.
func named(l *Loop, name string, fn func(ctx context.Context) error) *Task {
	t := &Task{}
	t.SetName(name)
	Start(l, t, context.Background(), body(fn))
	return t
}

// While a callback holds the loop, somebody else sees what each task does.
func TestSnapshotOfALoopThatIsStuck(t *testing.T) {
	l := newLoop(t)
	var never Future
	began := l.Now()
	waiting := named(l, "waiting", func(ctx context.Context) error {
		if err := Sleep(ctx, time.Minute); err != nil {
			return err
		}
		err, _ := never.Wait(ctx)
		return err
	})
	joining := named(l, "joining", func(ctx context.Context) error {
		err, _ := waiting.Join(ctx)
		return err
	})
	named(l, "sleeping", func(ctx context.Context) error { return Sleep(ctx, time.Hour) })
	named(l, "yielding", func(ctx context.Context) error {
		for range 3 {
			if err := Yield(ctx); err != nil {
				return err
			}
		}
		return Sleep(ctx, time.Hour)
	})
	stuck, free := make(chan struct{}), make(chan struct{})
	l.CallLater(2*time.Minute, func() {
		close(stuck)
		<-free
		never.Complete(nil, nil)
	})
	done := make(chan []TaskInfo, 1)
	go func() {
		<-stuck
		Start(l, &Task{}, context.Background(), body(func(context.Context) error { return nil }))
		done <- Snapshot()
		close(free)
	}()
	if err := l.RunUntilComplete(joining); err != nil {
		t.Fatal(err)
	}
	infos := <-done
	if len(infos) != 5 {
		t.Errorf("%d tasks, want 5: %v", len(infos), infos)
	}
	for name, want := range map[string]string{
		"waiting":  fmt.Sprintf("waiting waits for aio.Future.Await (%#x)", identity(&never)),
		"joining":  "joining waits for task waiting",
		"sleeping": "sleeping waits for aio.Sleep",
		"Task-0":   "Task-0 is ready",
	} {
		if got := infoOf(t, infos, name).String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	for name, after := range map[string]time.Duration{"waiting": time.Minute, "joining": 0} {
		since := infoOf(t, infos, name).Since
		if off := since.Sub(began.Add(after)).Abs(); off > time.Millisecond {
			t.Errorf("%s waits since %v, want %v after %v", name, since, after, began)
		}
	}
	if left := Loops(); len(left) != 0 {
		t.Errorf("loops that do not run: %v", left)
	}
	for _, task := range l.Tasks() {
		task.Cancel(nil)
	}
	if err := l.Shutdown(nil, nil); err != nil {
		t.Fatal(err)
	}
}

func TestSnapshotOnTheLoop(t *testing.T) {
	run(t, func(ctx context.Context) error {
		l := Current()
		other := named(l, "other", func(ctx context.Context) error { return Yield(ctx) })
		infos := l.Snapshot()
		if len(infos) != 2 || infos[0].State != Running || infos[0].Task != CurrentTask() {
			t.Errorf("got %v", infos)
		}
		if got := infoOf(t, infos, "other").String(); got != "other is ready" {
			t.Errorf("got %q", got)
		}
		err, _ := other.Wait(ctx)
		return err
	})
}

// A wait that was ended is none any more, although the task has not run yet.
func TestAWokenTaskIsReady(t *testing.T) {
	run(t, func(ctx context.Context) error {
		l := Current()
		var future Future
		wait := func(ctx context.Context) error {
			err, _ := future.Wait(ctx)
			return err
		}
		states := func(want ...State) {
			t.Helper()
			for i, name := range []string{"woken", "cancelled"} {
				if got := infoOf(t, l.Snapshot(), name).State; got != want[i] {
					t.Errorf("%s is %s, want %s", name, got, want[i])
				}
			}
		}
		woken, cancelled := named(l, "woken", wait), named(l, "cancelled", wait)
		states(Ready, Ready)
		if err := Yield(ctx); err != nil {
			return err
		}
		states(Waiting, Waiting)
		cancelled.Cancel(nil)
		states(Waiting, Ready)
		future.Complete(nil, nil)
		states(Ready, Ready)
		for _, task := range []*Task{woken, cancelled} {
			if err, _ := task.Wait(ctx); err != nil && !IsCancelled(err) {
				return err
			}
		}
		return nil
	})
}

type connection struct{ peer string }

func (c *connection) String() string { return c.peer }

func TestAnObjectNamesItself(t *testing.T) {
	read := NewAwaited("test.Conn.Read")
	run(t, func(ctx context.Context) error {
		l := Current()
		conn := &connection{peer: "192.0.2.1:80"}
		awaited := read.Of(conn)
		var waiter *Waiter
		reader := named(l, "reader", func(ctx context.Context) error {
			for range 2 {
				w, err := NewWaiterFor(ctx, awaited, conn)
				if err != nil {
					return err
				}
				waiter = w
				if err := w.Wait(ctx); err != nil {
					return err
				}
			}
			return Sleep(ctx, time.Second)
		})
		for _, want := range []string{
			fmt.Sprintf("reader waits for test.Conn.Read 192.0.2.1:80 (%#x)", identity(conn)),
			fmt.Sprintf("reader waits for test.Conn.Read 192.0.2.1:80 (%#x)", identity(conn)),
			"reader waits for aio.Sleep",
		} {
			if err := Yield(ctx); err != nil {
				return err
			}
			if got := infoOf(t, l.Snapshot(), "reader").String(); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
			waiter.Wake()
		}
		err, _ := reader.Wait(ctx)
		return err
	})
}

// Somebody looks all the time, while loops start, await and end tasks: it is
// for the race detector.
func TestSnapshotsWhileLoopsRun(t *testing.T) {
	stop, ended := make(chan struct{}), make(chan int)
	go func() {
		seen := 0
		for {
			select {
			case <-stop:
				ended <- seen
				return
			default:
				for _, info := range Snapshot() {
					_ = info.String()
					seen++
				}
			}
		}
	}()
	run(t, func(ctx context.Context) error {
		for range 300 {
			var future Future
			first := named(Current(), "first", func(ctx context.Context) error {
				err, _ := future.Wait(ctx)
				return err
			})
			second := start(Current(), func(ctx context.Context) error {
				err, _ := first.Join(ctx)
				return err
			})
			if err := Sleep(ctx, time.Millisecond); err != nil {
				return err
			}
			go future.Complete(nil, nil)
			Current().Hold()
			if err, _ := second.Wait(ctx); err != nil {
				return err
			}
			Current().Release()
		}
		return nil
	})
	close(stop)
	t.Logf("%d tasks seen", <-ended)
}
