package loop

import (
	"context"
	"slices"
)

// Join awaits the end of the task, as Wait does, and returns a
// [*DeadlockError] if the task, by the tasks that it awaits, waits for the
// caller or for one in whose group the caller is, however deep.
func (t *Task) Join(ctx context.Context) (err error, aborted bool) {
	if t.Completed() {
		return t.Err(), false
	}
	c, err := caller()
	if err != nil {
		return err, true
	}
	if c == nil || t.scope.loop != c.loop {
		return t.Wait(ctx)
	}
	if cycle := c.cycle(t); cycle != nil {
		return c.refuse(cycle), true
	}
	c.more().joining = t
	err, aborted = t.Wait(ctx)
	c.rare.joining = nil
	return err, aborted
}

// JoinAll says that the wait, which is about to begin, is for the end of all of
// the tasks, as a gather's is. It returns a [*DeadlockError], and has discarded
// the waiter, if one of them waits for the caller.
func (w *Waiter) JoinAll(tasks []*Task) error {
	c := w.co
	if c == nil {
		return nil
	}
	for _, t := range tasks {
		if cycle := c.cycle(t); cycle != nil {
			w.Discard()
			return c.refuse(cycle)
		}
	}
	c.more().all = tasks
	return nil
}

// refuse lets a round pass before the task gets the error, as every await does.
func (c *coroutine) refuse(cycle *DeadlockError) error {
	c.loop.pushHere(c.task)
	c.park()
	return cycle
}

// cycle follows who joins whom from t, and returns the way back to c's task or
// to one that cannot end before c's task has: the owner of its group, or the
// owner's. It sees one loop: tasks of different loops that join each other are
// found only when nothing is left to run; so is a task that waits only because
// somebody of a group of its own does.
func (c *coroutine) cycle(t *Task) *DeadlockError {
	s := circle{end: c.task}
	if !s.closes(t) {
		return nil
	}
	e := &DeadlockError{Tasks: append([]*Task{c.task}, s.way...), Cycle: true}
	if s.owner == nil {
		return e
	}
	owners := []*Task{s.owner}
	for t := c.task.owner(); t != s.owner; t = t.owner() {
		owners = append(owners, t)
	}
	slices.Reverse(owners[1:])
	e.awaiting = len(e.Tasks)
	e.Tasks = append(e.Tasks, owners...)
	return e
}

// owner returns the owner of the group that the task is in, or nil.
func (t *Task) owner() *Task {
	if t.scope.supervisor == nil || t.owned {
		return nil
	}
	return t.scope.supervisor.Owner()
}

// circle is the search for a way to a task.
type circle struct {
	end   *Task
	way   []*Task
	owner *Task          // the way leads to it, and it cannot end before end has
	seen  map[*Task]bool // those that wait for several, from which no way leads there
}

// owns reports whether t is around end's group.
func (s *circle) owns(t *Task) bool {
	for u := s.end.owner(); u != nil; u = u.owner() {
		if u == t {
			return true
		}
	}
	return false
}

func (s *circle) closes(t *Task) bool {
	from := len(s.way)
	for t != s.end {
		if s.owns(t) {
			s.owner = t
			return true
		}
		one, all := t.joins(s.end.scope.loop)
		if one == nil && all == nil || s.seen[t] {
			s.way = s.way[:from]
			return false
		}
		s.way = append(s.way, t)
		if one != nil {
			t = one
			continue
		}
		if s.seen == nil {
			s.seen = map[*Task]bool{}
		}
		s.seen[t] = true
		for _, u := range all {
			if s.closes(u) {
				return true
			}
		}
		s.way = s.way[:from]
		return false
	}
	return true
}

// joins returns the task whose end t waits for, or all of them, if t is of that
// loop. Who has been woken or cancelled waits no more.
func (t *Task) joins(l *Loop) (one *Task, all []*Task) {
	if t.scope.loop != l {
		return nil, nil
	}
	c := t.coroutine()
	if c == nil || c.rare == nil || c.waiter.Done() {
		return nil, nil
	}
	return c.rare.joining, c.rare.all
}
