package aio

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/goaio/aio/loop"
)

// Each primitive says what its waits are called, and who waits for the same
// object shows the same one.
func TestWhatIsAwaited(t *testing.T) {
	virtually(t, func(ctx context.Context) error {
		mutex, event, condition := &Mutex{}, &Event{}, NewCondition(nil)
		semaphore, barrier, queue := NewSemaphore(0), NewBarrier(3), NewQueue[int](1)
		channel, future := make(chan int), NewFuture[int]()
		if err := mutex.Lock(ctx); err != nil {
			return err
		}
		queue.PutNoWait(1)
		sleeper := Go(ctx, func(ctx context.Context) error { return Sleep(ctx, time.Hour) }, Name("sleeper"))
		empty := NewQueue[int](0)
		waits := map[string]func(ctx context.Context) error{
			"aio.Mutex.Lock":        mutex.Lock,
			"aio.Event.Wait":        event.Wait,
			"aio.Semaphore.Acquire": semaphore.Acquire,
			"aio.Queue.Put":         func(ctx context.Context) error { return queue.Put(ctx, 2) },
			"aio.Queue.Join":        queue.Join,
			"aio.Condition.Wait": func(ctx context.Context) error {
				if err := condition.Lock(ctx); err != nil {
					return err
				}
				defer condition.Unlock()
				return condition.Wait(ctx)
			},
			"aio.Barrier.Wait": func(ctx context.Context) error { _, err := barrier.Wait(ctx); return err },
			"aio.Queue.Get":    func(ctx context.Context) error { _, err := empty.Get(ctx); return err },
			"a Go channel":     func(ctx context.Context) error { _, _, err := Recv(ctx, channel); return err },
			"aio.Future.Await": func(ctx context.Context) error { _, err := future.Await(ctx); return err },
			"aio.Sleep":        func(ctx context.Context) error { return Sleep(ctx, time.Hour) },
			"aio.Gather of 1":  func(ctx context.Context) error { _, err := GatherTasks(ctx, sleeper); return err },
			"aio.Wait of 1": func(ctx context.Context) error {
				_, _, err := Wait(ctx, AllCompleted, NoTimeout, sleeper)
				return err
			},
			"aio.Group": func(ctx context.Context) error {
				return Group(ctx, func(ctx context.Context) error {
					Go(ctx, func(ctx context.Context) error { return Sleep(ctx, time.Hour) }, Name("child"))
					return nil
				})
			},
		}
		var tasks []*Task[struct{}]
		for name, wait := range waits {
			tasks = append(tasks, Go(ctx, wait, Name(name)), Go(ctx, wait, Name(name)))
		}
		if err := Sleep(ctx, time.Minute); err != nil {
			return err
		}
		objects := map[string]map[uintptr]bool{}
		for _, info := range loop.Snapshot() {
			if waits[info.Name] == nil {
				if info.Name == "child" && (info.Owner == nil || info.Owner.Name() != "aio.Group") {
					t.Errorf("the owner of the group's task is %v", info.Owner)
				}
				continue
			}
			if info.Awaits != info.Name {
				t.Errorf("%s is called %s", info.Name, info.Awaits)
			}
			if objects[info.Name] == nil {
				objects[info.Name] = map[uintptr]bool{}
			}
			objects[info.Name][info.Object] = true
			waited := map[string]string{"aio.Group": "child", "aio.Gather of 1": "sleeper", "aio.Wait of 1": "sleeper"}[info.Name]
			if waited != "" && (len(info.Tasks) != 1 || info.Tasks[0].Name() != waited) {
				t.Errorf("%s waits for %v, want %s", info.Name, info.Tasks, waited)
			}
		}
		for name, of := range objects {
			want := 1
			if name == "aio.Group" || strings.HasPrefix(name, "aio.Gather") || strings.HasPrefix(name, "aio.Wait ") {
				want = 2
			}
			if len(of) != want || of[0] != (name == "aio.Sleep" || name == "a Go channel") {
				t.Errorf("%s has objects %v", name, of)
			}
		}
		for _, task := range tasks {
			task.Cancel(nil)
		}
		_, _, err := Wait(ctx, AllCompleted, NoTimeout, tasks...)
		return err
	})
}
