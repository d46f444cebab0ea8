package loop

import "context"

// Join awaits the end of the task, as Wait does, and returns a
// [*DeadlockError] if the task, by the tasks that it awaits, waits for the
// caller.
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
		c.loop.pushHere(c.task)
		c.park()
		return cycle, true
	}
	c.more().joining = t
	err, aborted = t.Wait(ctx)
	c.rare.joining = nil
	return err, aborted
}

// cycle follows who joins whom from t, and returns the way back to c's task.
// It sees one loop: tasks of different loops that join each other are found
// only when nothing is left to run.
func (c *coroutine) cycle(t *Task) *DeadlockError {
	way := []*Task{c.task}
	for u := t; u != nil; {
		if u == c.task {
			return &DeadlockError{Tasks: way, Cycle: true}
		}
		if u.co == nil || u.scope.loop != c.loop {
			return nil
		}
		way = append(way, u)
		if u.co.rare == nil {
			return nil
		}
		u = u.co.rare.joining
	}
	return nil
}
