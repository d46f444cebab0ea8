package conformance

// Main is the name of the task a run begins with; its end ends the run.
const Main = "main"

// A Scenario is a program for one run of a loop.
type Scenario struct {
	Name    string
	Objects []Object // in the order they were written
	Tasks   []Task   // in the order they were written; Main is among them
}

// An Object is a primitive that the tasks of a scenario share.
type Object struct {
	Name string
	Kind Kind
	Size int // permits of a semaphore, capacity of a queue (0: unbounded), parties of a barrier
}

// Kind says what an [Object] is.
type Kind string

// The kinds of objects.
const (
	Future           Kind = "future"
	Event            Kind = "event"
	Lock             Kind = "lock"
	Semaphore        Kind = "semaphore"
	BoundedSemaphore Kind = "bounded"
	Queue            Kind = "queue"
	LIFOQueue        Kind = "lifo"
	PriorityQueue    Kind = "priority"
	Condition        Kind = "condition"
	Barrier          Kind = "barrier"
)

// smallest holds the kinds and, for those with a size, the smallest there may be.
var smallest = map[Kind]int{
	Future:           noSize,
	Event:            noSize,
	Lock:             noSize,
	Semaphore:        0,
	BoundedSemaphore: 0,
	Queue:            0,
	LIFOQueue:        0,
	PriorityQueue:    0,
	Condition:        noSize,
	Barrier:          1,
}

const noSize = -1

// HasSize reports whether objects of this kind have a size.
func (k Kind) HasSize() bool { return smallest[k] != noSize }

// A Task is what one task of a scenario does, from its first step on.
type Task struct {
	Name string
	Ops  []Op
}

// Task returns the operations of the named task.
func (s *Scenario) Task(name string) ([]Op, bool) {
	for i := range s.Tasks {
		if s.Tasks[i].Name == name {
			return s.Tasks[i].Ops, true
		}
	}
	return nil, false
}

// Object returns the named object.
func (s *Scenario) Object(name string) (Object, bool) {
	for _, o := range s.Objects {
		if o.Name == name {
			return o, true
		}
	}
	return Object{}, false
}

// Len returns the number of operations in s, counting those inside others.
func (s *Scenario) Len() int {
	n := 0
	for op := range s.All() {
		_ = op
		n++
	}
	return n
}
