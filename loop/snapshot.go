package loop

import (
	"fmt"
	"time"
)

// State says what a task is doing.
type State string

const (
	// Ready is the state of a task that waits for nothing: its next step is
	// due, or running. Who is not on the task's loop cannot tell which; debug
	// mode and a watchdog can.
	Ready State = "ready"
	// Running is the state of a task whose step runs.
	Running State = "running"
	// Waiting is the state of a task that is suspended in an await.
	Waiting State = "waiting"
)

// TaskInfo is what can be seen of a live task.
type TaskInfo struct {
	Task  *Task
	Loop  *Loop
	ID    uint64
	Name  string
	State State

	// Awaits says of a waiting task what it waits for, such as
	// "aio.Mutex.Lock", and what that says of itself, as a connection does.
	Awaits string
	// Object is an address that stands for what is awaited, the same for all
	// tasks that wait for the same mutex or future; 0 if there is no such thing.
	Object uintptr
	// Tasks are the live tasks that it waits for: one that it awaits, or those
	// of its gather or group.
	Tasks []*Task
	// Since is when the wait began, on the loop's clock, as of when the loop
	// last looked at it: between sleeps it looks every 64 rounds.
	Since time.Time

	// Group is the supervisor that the task belongs to, nil for none. Owner is
	// the task that waits for it at its end, nil for a plain goroutine.
	Group Supervisor
	Owner *Task

	// Spawned is where the task was started, Steps how many steps it has made,
	// Busy how long they took together: in debug mode only.
	Spawned string
	Steps   uint64
	Busy    time.Duration
}

// Snapshot returns what all live tasks of the loops that are being run are
// doing, loop by loop, each in the order in which they were started. It asks
// nothing of the loops, so that it works while one of them is stuck in a
// callback; the tasks of loops that go on change while it looks. Safe from any
// goroutine.
func Snapshot() []TaskInfo {
	var infos []TaskInfo
	for _, l := range Loops() {
		infos = l.look(infos)
	}
	connect(infos)
	return infos
}

// Snapshot is the function of that name for one loop, which need not run. Tasks
// that await each other across loops are only seen by the function. Safe from
// any goroutine.
func (l *Loop) Snapshot() []TaskInfo {
	infos := l.look(nil)
	connect(infos)
	return infos
}

func (l *Loop) look(infos []TaskInfo) []TaskInfo {
	var here *Task
	if l.onLoop() {
		here = CurrentTask()
	} else if l.observer != nil {
		here = l.observer.current.Load()
	}
	for _, t := range append(l.Tasks(), l.foreign.starting()...) {
		info := TaskInfo{Task: t, Loop: l, ID: t.ID(), Name: t.Name(), State: Ready, Group: t.scope.supervisor}
		if info.Group != nil {
			info.Owner = info.Group.Owner()
		}
		if r := t.record(); r != nil {
			info.Spawned, info.Steps, info.Busy = r.spawned, r.steps.Load(), time.Duration(r.busy.Load())
		}
		if t == here {
			info.State = Running
		} else {
			t.lookAtWait(&info)
		}
		infos = append(infos, info)
	}
	return infos
}

func (t *Task) lookAtWait(info *TaskInfo) {
	word := t.waits.word.Load()
	if word == 0 {
		return
	}
	info.State = Waiting
	info.Object = uintptr(word >> objectFrom)
	info.Awaits = awaitedName(word & kindMask)
	info.Since = info.Loop.epoch.Add(time.Duration(t.waits.clock.Load()))
	if word&objectBit == 0 {
		return
	}
	if m := t.scope.more.Load(); m != nil {
		if a := m.awaited.Load(); a != nil && a.kind == word&(kindMask|objectBit) {
			info.Awaits += " " + a.object.String()
			if several, ok := a.object.(interface{ AwaitedTasks() []*Task }); ok {
				info.Tasks = several.AwaitedTasks()
			}
		}
	}
}

// connect finds out which tasks wait for which.
func connect(infos []TaskInfo) {
	futures := make(map[uintptr]*Task, len(infos))
	groups := map[uintptr][]*Task{}
	for _, info := range infos {
		futures[identity(&info.Task.Future)] = info.Task
		if info.Owner != nil {
			group := identity(info.Group)
			groups[group] = append(groups[group], info.Task)
		}
	}
	for i := range infos {
		switch info := &infos[i]; {
		case info.State != Waiting || info.Object == 0:
		case futures[info.Object] != nil:
			info.Tasks = []*Task{futures[info.Object]}
		case groups[info.Object] != nil:
			info.Tasks = groups[info.Object]
		}
	}
}

// String describes the task in a line.
func (i TaskInfo) String() string {
	if i.State != Waiting {
		return fmt.Sprintf("%s is %s", i.Name, i.State)
	}
	return fmt.Sprintf("%s waits for %s", i.Name, i.awaits())
}

// awaits names what is awaited, the tasks themselves where they are few.
func (i TaskInfo) awaits() string {
	if len(i.Tasks) == 1 && i.Object == identity(&i.Tasks[0].Future) {
		return "task " + i.Tasks[0].Name()
	}
	if i.Object != 0 && len(i.Tasks) == 0 {
		return fmt.Sprintf("%s (%#x)", i.Awaits, i.Object)
	}
	return i.Awaits
}
