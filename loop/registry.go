package loop

// registry is the list of a loop's live tasks, in the order in which they were
// started.
type registry struct {
	first, last *Task
	count       int
	started     uint64
}

func (l *Loop) link(t *Task) {
	r := &l.tasks
	r.started++
	t.id = r.started
	t.linked = true
	t.previous = r.last
	if r.last != nil {
		r.last.next = t
	} else {
		r.first = t
	}
	r.last = t
	r.count++
}

func (l *Loop) unlink(t *Task) {
	r := &l.tasks
	if t.previous != nil {
		t.previous.next = t.next
	} else {
		r.first = t.next
	}
	if t.next != nil {
		t.next.previous = t.previous
	} else {
		r.last = t.previous
	}
	t.next, t.previous = nil, nil
	t.linked = false
	r.count--
}

// Tasks returns the loop's live tasks in the order in which they were started:
// asyncio's all_tasks. On the loop, or while it does not run.
func (l *Loop) Tasks() []*Task {
	tasks := make([]*Task, 0, l.tasks.count)
	for t := l.tasks.first; t != nil; t = t.next {
		tasks = append(tasks, t)
	}
	return tasks
}
