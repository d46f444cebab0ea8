package loop

// Members is a supervisor's list of its live tasks, in the order in which they
// were started. A task is in one such list at most. It is not safe by itself:
// it is used under its supervisor's lock.
type Members struct{ list taskList }

// Len returns the number of tasks.
func (m *Members) Len() int { return m.list.count }

// Add appends a task.
func (m *Members) Add(t *Task) { m.list.add(t, &t.member, memberPosition) }

// Remove takes a task out that is in the list.
func (m *Members) Remove(t *Task) { m.list.remove(&t.member) }

// All returns the tasks.
func (m *Members) All() []*Task { return m.list.all() }

func memberPosition(t *Task) *position { return &t.member }
