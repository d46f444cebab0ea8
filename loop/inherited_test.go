package loop

import (
	"context"
	"testing"
	"unsafe"
)

type scopeTestKey string

// What a small task costs is its memory, which must stay in its size class.
func TestATaskIsSmall(t *testing.T) {
	if size := unsafe.Sizeof(Task{}); size > 128 {
		t.Errorf("a task has %d bytes", size)
	}
}

// Scopes and tasks that are derived from a scope itself share what they inherit;
// what adds a value, a supervisor or another loop has its own.
func TestWhoSharesWhatItInherits(t *testing.T) {
	l := newLoop(t)
	other := newLoop(t)
	owner := &Task{}
	Start(l, owner, context.WithValue(context.Background(), scopeTestKey("a"), 1), body(func(ctx context.Context) error {
		outer := ctx.(*Scope)
		inner := Enter(ctx)
		defer inner.Exit()
		same := &Task{}
		Start(l, same, inner, body(func(context.Context) error { return nil }))
		if inner.inherited != outer.inherited || same.scope.inherited != outer.inherited {
			t.Error("a scope and a task derived alike do not share")
		}

		valued := Enter(context.WithValue(inner, scopeTestKey("b"), 2))
		if valued.inherited == inner.inherited || valued.Value(scopeTestKey("a")) != 1 || valued.Value(scopeTestKey("b")) != 2 || inner.Value(scopeTestKey("b")) != nil {
			t.Errorf("with a value more: %v and %v", valued.Value(scopeTestKey("a")), valued.Value(scopeTestKey("b")))
		}
		valued.Exit()

		s := supervisorOf{l, owner}
		supervised := EnterSupervised(inner, s)
		if supervised.supervisor != Supervisor(s) || inner.supervisor != nil || supervised.Value(scopeTestKey("a")) != 1 {
			t.Errorf("supervisors %v and %v", supervised.supervisor, inner.supervisor)
		}
		supervised.Exit()

		elsewhere := &Task{}
		Start(other, elsewhere, inner, body(func(context.Context) error { return nil }))
		if elsewhere.Loop() != other || same.Loop() != l || elsewhere.Context().Value(scopeTestKey("a")) != 1 {
			t.Errorf("loops %v and %v", elsewhere.Loop(), same.Loop())
		}
		return nil
	}))
	if err := l.RunUntilComplete(owner); err != nil {
		t.Error(err)
	}
	other.CallSoon(other.Stop)
	if err := other.RunForever(); err != nil {
		t.Error(err)
	}
}

// A scope knows its task, whether it is the task's own or a nested one; that of
// Carry has none.
func TestTheTaskOfAScope(t *testing.T) {
	l := newLoop(t)
	task := &Task{}
	Start(l, task, context.Background(), body(func(ctx context.Context) error {
		nested := Enter(ctx)
		defer nested.Exit()
		carried := Carry(ctx, l, nil)
		if ctx.(*Scope).Task() != task || nested.Task() != task || carried.Task() != nil || TaskOf(carried) != nil {
			t.Error("a scope is of another task")
		}
		return nil
	}))
	if err := l.RunUntilComplete(task); err != nil {
		t.Error(err)
	}
	if task.Context().Task() != task || (&Task{}).Loop() != nil {
		t.Error("not the task's own scope")
	}
}

type supervisorOf struct {
	loop  *Loop
	owner *Task
}

func (s supervisorOf) Add(*Task) error { return nil }
func (s supervisorOf) Loop() *Loop     { return s.loop }
func (s supervisorOf) Owner() *Task    { return s.owner }
func (s supervisorOf) Ended(*Task)     {}
