package loop

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
)

// Exception is what went wrong where nobody was there to be told.
type Exception struct {
	// Message says in a few words what happened.
	Message string
	// Err is the error, a [*PanicError] for a panic.
	Err error
	// Task is the task it happened in, nil for a callback.
	Task *Task
}

// SetExceptionHandler replaces the handler of the options; nil brings the
// default back, a report to slog's default logger.
func (l *Loop) SetExceptionHandler(handler func(*Loop, Exception)) {
	l.mustBeHere("Loop.SetExceptionHandler")
	l.options.ExceptionHandler = handler
}

// CallExceptionHandler hands e to the loop's exception handler. If that
// panics, both are reported by the default handler.
func (l *Loop) CallExceptionHandler(e Exception) {
	handler := l.options.ExceptionHandler
	if handler == nil {
		DefaultExceptionHandler(l, e)
		return
	}
	defer func() {
		if value := recover(); value != nil {
			DefaultExceptionHandler(l, e)
			DefaultExceptionHandler(l, Exception{Message: "the exception handler panicked", Err: NewPanicError(value)})
		}
	}()
	handler(l, e)
}

// DefaultExceptionHandler reports e to slog's default logger.
func DefaultExceptionHandler(_ *Loop, e Exception) {
	attributes := []any{"error", e.Err}
	if e.Task != nil {
		attributes = append(attributes, "task", e.Task.Name())
	}
	slog.Error("aio: "+e.Message, attributes...)
}

func (l *Loop) callbackPanicked(value any) {
	l.CallExceptionHandler(Exception{Message: "a callback panicked", Err: NewPanicError(value)})
}

// unread are the tasks that failed while nobody awaited them.
type unread struct{ tasks []*Task }

// Failures beyond this many that are still unread are reported without waiting
// for the end of the loop, the oldest first. It is many, for tasks that have
// failed may well be awaited yet, one after the other.
const maxUnread = 1000

func (u *unread) note(t *Task) {
	if t.state.Load()&futureRead != 0 {
		return
	}
	if u.tasks = append(u.tasks, t); len(u.tasks) > maxUnread {
		u.tasks = slices.DeleteFunc(u.tasks, func(t *Task) bool { return t.state.Load()&futureRead != 0 })
	}
	if len(u.tasks) > maxUnread {
		oldest := u.tasks[0]
		u.tasks[0] = nil
		u.tasks = u.tasks[1:]
		oldest.reportUnread()
	}
}

func (t *Task) reportUnread() {
	if t.state.Load()&futureRead == 0 {
		t.state.Or(futureRead)
		t.scope.loop.CallExceptionHandler(Exception{Message: "a task failed and nobody awaited it", Err: t.err, Task: t})
	}
}

// ReportUnread hands the errors of tasks that nobody has awaited to the
// exception handler. The owner of the loop calls it at the end; [Loop.Close]
// does too.
func (l *Loop) ReportUnread() {
	tasks := l.unread.tasks
	l.unread.tasks = nil
	for _, t := range tasks {
		t.reportUnread()
	}
	l.reportUnawaitedTasks()
}

// DeadlockError says that tasks wait and nothing can wake them.
type DeadlockError struct {
	// Tasks are the waiting tasks, or the cycle of those that await each other.
	Tasks []*Task
	// Where says of each of Tasks what it waits for, as [Task.Where] does; nil
	// for a cycle.
	Where []string
	// Cycle is set when each of Tasks awaits the next, or has it in its group, and
	// the last the first.
	Cycle bool

	awaiting int // Tasks from this one on have the next in their group; 0 for none
}

// An error lists no more tasks than this.
const maxListed = 20

func (e *DeadlockError) Error() string {
	names := make([]string, 0, len(e.Tasks)+1)
	for i, t := range e.Tasks {
		name := t.Name()
		if i < len(e.Where) {
			name += " (" + e.Where[i] + ")"
		}
		if names = append(names, name); i == maxListed && !e.Cycle {
			names[i] = fmt.Sprintf("%d more", len(e.Tasks)-i)
			break
		}
	}
	if e.Cycle {
		names = append(names, e.Tasks[0].Name())
		if e.awaiting == 0 {
			return "deadlock: " + strings.Join(names, " awaits ")
		}
		return "deadlock: " + strings.Join(names[:e.awaiting+1], " awaits ") + ", whose group has " +
			strings.Join(names[e.awaiting+1:], ", whose group has ")
	}
	return fmt.Sprintf("deadlock: nothing is left that could wake %s", strings.Join(names, ", "))
}

func (l *Loop) deadlocked() error {
	if l.options.Idle != nil {
		l.options.Idle()
		if l.ready.len() > 0 || len(l.timers.heap) > 0 || l.foreign.waiting.Load() || l.round.stopping.Load() {
			return nil
		}
	}
	e := &DeadlockError{Tasks: l.Tasks()}
	for i, t := range e.Tasks {
		if i == maxListed {
			break
		}
		e.Where = append(e.Where, t.Where())
	}
	return e
}

// AbandonedError is what Close returns when tasks had not ended.
type AbandonedError struct {
	// Tasks are their names.
	Tasks []string
	// Where says of the first twenty of them what they waited for, as
	// [Task.Where] does.
	Where []string
}

func (e *AbandonedError) Error() string {
	tasks := slices.Clone(e.Tasks)
	for i := range tasks {
		if i < len(e.Where) {
			tasks[i] += " (" + e.Where[i] + ")"
		} else if i == maxListed {
			tasks = append(tasks[:i], fmt.Sprintf("%d more", len(e.Tasks)-i))
			break
		}
	}
	return fmt.Sprintf("aio: closing the loop abandoned %d tasks: %s", len(e.Tasks), strings.Join(tasks, ", "))
}

// Is holds for [ErrAbandoned].
func (e *AbandonedError) Is(target error) bool { return target == ErrAbandoned }

// ErrAbandoned is what errors.Is finds in an [*AbandonedError].
var ErrAbandoned = errors.New("aio: tasks were abandoned")
