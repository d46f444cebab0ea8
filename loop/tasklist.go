package loop

// taskList is a list of tasks in the order in which they were added. Who is
// taken out leaves a gap behind, and when half of the list is gaps it is closed
// up before it would grow.
//
// A list that is linked through the tasks needs four writes of a pointer more
// for each of them, which is what a task that does little spends its time with
// while the collector marks. One slice that doubles would be copied, and give
// the collector large pieces to free, with every burst.
type taskList struct {
	blocks [][]*Task // nil for a gap; all of blockSize, a single one may be smaller
	length int       // places that are taken or gaps
	count  int       // tasks
}

// position is where a task stands in a list: its place from 1, 0 if it is in none.
type position uint32

const (
	smallTaskList = 16
	blockBits     = 8
	blockSize     = 1 << blockBits
	fewBlocks     = 4
)

// add appends t. p is its position, and of finds those of the others.
func (l *taskList) add(t *Task, p *position, of func(*Task) *position) {
	if l.length == l.room() {
		l.makeRoom(of)
	}
	*l.place(l.length) = t
	l.length++
	l.count++
	*p = position(l.length)
}

// remove takes the task of that position out, which is in the list.
func (l *taskList) remove(p *position) {
	*l.place(int(*p - 1)) = nil
	l.count--
	if int(*p) == l.length {
		l.trim()
	}
	*p = 0
}

// trim forgets the gaps at the end.
func (l *taskList) trim() {
	for l.length > 0 && *l.place(l.length - 1) == nil {
		l.length--
	}
	if l.length == 0 {
		l.give()
	}
}

func (l *taskList) place(i int) **Task { return &l.blocks[uint(i)>>blockBits][i&(blockSize-1)] }

// room is how many places there are.
func (l *taskList) room() int {
	if len(l.blocks) == 1 {
		return len(l.blocks[0])
	}
	return len(l.blocks) << blockBits
}

// makeRoom gives room for more tasks: it closes the gaps where that does, else
// it adds places, for which no task need be touched.
func (l *taskList) makeRoom(of func(*Task) *position) {
	switch {
	case l.count <= l.length/2 && l.length > 0:
		l.closeUp(of)
	case len(l.blocks) == 0:
		l.blocks = [][]*Task{make([]*Task, smallTaskList)}
	case l.length < blockSize:
		larger := make([]*Task, 2*l.length)
		copy(larger, l.blocks[0])
		l.blocks[0] = larger
	default:
		l.blocks = append(l.blocks, make([]*Task, blockSize))
	}
}

// closeUp moves the tasks into the gaps before them, and lets places go where
// there are far too many.
func (l *taskList) closeUp(of func(*Task) *position) {
	length := 0
	for i := range l.length {
		from := l.place(i)
		if t := *from; t != nil {
			*from = nil
			*l.place(length) = t
			length++
			*of(t) = position(length)
		}
	}
	l.length = length
	l.give()
}

// give gives the memory of a burst back, when that is most of it.
func (l *taskList) give() {
	if keep := 1 + 2*l.length/blockSize; len(l.blocks) > max(fewBlocks, 2*keep) {
		clear(l.blocks[keep:])
		l.blocks = l.blocks[:keep]
	}
}

// rest is called when there is time.
func (l *taskList) rest(of func(*Task) *position) {
	if len(l.blocks) > fewBlocks && l.count < l.room()/8 {
		l.closeUp(of)
	}
}

// all returns the tasks.
func (l *taskList) all() []*Task {
	all := make([]*Task, 0, l.count)
	for i := range l.length {
		if t := *l.place(i); t != nil {
			all = append(all, t)
		}
	}
	return all
}
