package loop

import (
	"context"
	"runtime/pprof"
)

// ProfileLabel is the name of the label that carries a task's name in profiles.
const ProfileLabel = "task"

// label gives the coroutine, which is the calling goroutine, the labels of the
// task that it is to run: those of the task's context and its name.
func (t *Task) label() {
	pprof.SetGoroutineLabels(pprof.WithLabels(&t.scope, pprof.Labels(ProfileLabel, t.Name())))
}

// unlabel takes them back when the task has ended.
func unlabel() { pprof.SetGoroutineLabels(context.Background()) }
