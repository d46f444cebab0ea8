package loop

// taskList is a list of tasks in the order in which they were added. Who is
// taken out leaves a gap behind, and when half of the list is gaps it is closed
// up before it would grow.
//
// A list that is linked through the tasks needs four writes of a pointer more
// for each of them, which is what a task that does little spends its time with
// while the collector marks.
type taskList struct {
	tasks []*Task // nil for a gap
	count int
}

// position is where a task stands in a list: its index from 1, 0 if it is in none.
type position uint32

const smallTaskList = 16

// add appends t. p is its position, and of finds those of the others.
func (l *taskList) add(t *Task, p *position, of func(*Task) *position) {
	if len(l.tasks) == cap(l.tasks) {
		l.makeRoom(of)
	}
	l.tasks = append(l.tasks, t)
	l.count++
	*p = position(len(l.tasks))
}

// remove takes the task of that position out, which is in the list.
func (l *taskList) remove(p *position) {
	l.tasks[*p-1] = nil
	l.count--
	*p = 0
	last := len(l.tasks)
	for last > 0 && l.tasks[last-1] == nil {
		last--
	}
	l.tasks = l.tasks[:last]
}

// makeRoom gives room for as many tasks again as there are: it closes the gaps
// where that does, and where it gives far too much it takes less memory.
func (l *taskList) makeRoom(of func(*Task) *position) {
	from, to := l.tasks, l.tasks[:0]
	if size := max(smallTaskList, 2*l.count); size > cap(from) || size < cap(from)/4 {
		to = make([]*Task, 0, size)
	}
	for i, t := range from {
		if t != nil {
			from[i] = nil
			to = append(to, t)
			*of(t) = position(len(to))
		}
	}
	l.tasks = to
}

// rest is called when there is time: the memory of a burst is given back.
func (l *taskList) rest(of func(*Task) *position) {
	if cap(l.tasks) > 64*smallTaskList && l.count < cap(l.tasks)/8 {
		l.makeRoom(of)
	}
}

// all returns the tasks.
func (l *taskList) all() []*Task {
	all := make([]*Task, 0, l.count)
	for _, t := range l.tasks {
		if t != nil {
			all = append(all, t)
		}
	}
	return all
}
