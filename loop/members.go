package loop

// member is a task's place in its supervisor's list.
type member struct{ next, previous *Task }

// Members is a supervisor's list of its live tasks, in the order in which they
// were started. A task is in one such list at most. It is not safe by itself:
// it is used under its supervisor's lock.
type Members struct {
	first, last *Task
	count       int
}

// Len returns the number of tasks.
func (m *Members) Len() int { return m.count }

// Add appends a task.
func (m *Members) Add(t *Task) {
	t.member.previous = m.last
	if m.last != nil {
		m.last.member.next = t
	} else {
		m.first = t
	}
	m.last = t
	m.count++
}

// Remove takes a task out that is in the list.
func (m *Members) Remove(t *Task) {
	if t.member.previous != nil {
		t.member.previous.member.next = t.member.next
	} else {
		m.first = t.member.next
	}
	if t.member.next != nil {
		t.member.next.member.previous = t.member.previous
	} else {
		m.last = t.member.previous
	}
	t.member = member{}
	m.count--
}

// All returns the tasks.
func (m *Members) All() []*Task {
	all := make([]*Task, 0, m.count)
	for t := m.first; t != nil; t = t.member.next {
		all = append(all, t)
	}
	return all
}
