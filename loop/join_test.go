package loop

import (
	"context"
	"testing"
)

// Those of another loop go on meanwhile: there is no looking for a cycle among
// them. The race detector says if there is.
func TestJoinAllOfAnotherLoopsTasks(t *testing.T) {
	here, there := newLoop(t), newLoop(t)
	running := make(chan struct{})
	var tasks []*Task
	for i := range 500 {
		tasks = append(tasks, start(there, func(ctx context.Context) error {
			if i == 0 {
				close(running)
			}
			return Yield(ctx)
		}))
	}
	over := make(chan struct{})
	err := here.RunUntilComplete(start(here, func(ctx context.Context) error {
		w, err := NewWaiter(ctx)
		if err != nil {
			return err
		}
		go func() {
			defer close(over)
			if err := there.RunUntilComplete(tasks[len(tasks)-1]); err != nil {
				t.Error(err)
			}
		}()
		<-running
		err = w.JoinAll(tasks)
		w.Discard()
		return err
	}))
	if err != nil {
		t.Error(err)
	}
	<-over
	if err := there.Shutdown(nil, nil); err != nil {
		t.Error(err)
	}
}
