package aio

import (
	"fmt"
	"sync"

	"github.com/goaio/aio/loop"
)

// What the waits of this package are called by those who look at a task.
var (
	awaitedLock     = loop.NewAwaited("aio.Mutex.Lock")
	awaitedEvent    = loop.NewAwaited("aio.Event.Wait")
	awaitedNotify   = loop.NewAwaited("aio.Condition.Wait")
	awaitedPermit   = loop.NewAwaited("aio.Semaphore.Acquire")
	awaitedBarrier  = loop.NewAwaited("aio.Barrier.Wait")
	awaitedItem     = loop.NewAwaited("aio.Queue.Get")
	awaitedPlace    = loop.NewAwaited("aio.Queue.Put")
	awaitedTaskDone = loop.NewAwaited("aio.Queue.Join")
	awaitedGroup    = loop.NewAwaited("aio.Group")
	awaitedGather   = loop.NewAwaited("aio.Gather")
	awaitedWait     = loop.NewAwaited("aio.Wait")
	awaitedChannel  = loop.NewAwaited("a Go channel")
	awaitedBlocking = loop.NewAwaited("aio.Blocking")
)

// awaitedTasks are the tasks that one await waits for.
type awaitedTasks struct {
	mu    sync.Mutex
	tasks []*loop.Task
	count int
}

func awaitTasks[A Awaitable](awaitables []A) *awaitedTasks {
	a := &awaitedTasks{count: len(awaitables)}
	for _, awaitable := range awaitables {
		if task, ok := any(awaitable).(interface{ Core() *loop.Task }); ok {
			a.tasks = append(a.tasks, task.Core())
		}
	}
	return a
}

// AwaitedTasks returns those of them that have not ended. Safe from any
// goroutine.
func (a *awaitedTasks) AwaitedTasks() (left []*loop.Task) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, t := range a.tasks {
		if !t.Completed() {
			left = append(left, t)
		}
	}
	return left
}

// String is what is shown of them.
func (a *awaitedTasks) String() string { return fmt.Sprintf("of %d", a.count) }

// release forgets the tasks: the task that waited may hold on to a for long.
func (a *awaitedTasks) release() {
	a.mu.Lock()
	a.tasks = nil
	a.mu.Unlock()
}
