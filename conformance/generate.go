package conformance

import (
	"fmt"
	"math/rand/v2"
)

// Generate returns the random scenario of a seed: the same one always, of every operation and object there is.
//
// It is always valid and always ends: there are no loops, and times are short. Few objects, few distinct times and long
// runs of operations without an await between them make rare meetings frequent, such as a cancel in the round of a result.
func Generate(seed uint64) Scenario {
	g := &generator{Rand: rand.New(rand.NewPCG(seed, 0)), grouped: map[string]bool{}}
	g.scenario.Name = fmt.Sprintf("seed%d", seed)
	g.sizes()
	g.objects()
	g.favour()
	g.add(Main, g.mainOps())
	// Writing a task's operations may name further tasks.
	for len(g.unwritten) > 0 {
		name := g.unwritten[0]
		g.unwritten = g.unwritten[1:]
		g.self = name
		g.add(name, g.taskOps())
	}
	return g.scenario
}

type generator struct {
	*rand.Rand
	scenario  Scenario
	maxTasks  int
	maxOps    int // of a list at a task's top level
	maxDepth  int
	weights   [families]int
	lock      string          // the one that most who lock want
	known     []string        // tasks that an operation starts
	unwritten []string        // those of them that have no operations yet
	early     int             // how many of the known ones main starts at once: they are there when others name them
	starting  bool            // whether these are being started
	focus     family          // what tasks meet at, of futures to barriers
	grouped   map[string]bool // those a group starts
	self      string          // whose operations are being written
}

// A family is a group of operations that a scenario may have many or few of.
type family int

const (
	futures family = iota
	events
	locks
	conditions
	queues
	barriers
	clock
	cancels
	starts // of tasks
	waits  // for tasks
	scopes // timeout, group, try
	plain
	families
)

func (g *generator) sizes() {
	switch g.IntN(4) {
	case 0:
		g.maxTasks, g.maxOps, g.maxDepth = 2+g.IntN(2), 4, 2
	case 1, 2:
		g.maxTasks, g.maxOps, g.maxDepth = 3+g.IntN(4), 6, 3
	case 3:
		g.maxTasks, g.maxOps, g.maxDepth = 5+g.IntN(7), 8, 4
	}
}

func (g *generator) objects() {
	queue := []Kind{Queue, LIFOQueue, PriorityQueue}[g.IntN(3)]
	g.scenario.Objects = []Object{
		{Name: "f0", Kind: Future},
		{Name: "f1", Kind: Future},
		{Name: "e", Kind: Event},
		{Name: "l", Kind: Lock},
		{Name: "s", Kind: Semaphore, Size: g.IntN(3)},
		{Name: "k", Kind: BoundedSemaphore, Size: g.IntN(3)},
		{Name: "q", Kind: queue, Size: g.IntN(3)},
		{Name: "c", Kind: Condition},
		{Name: "b", Kind: Barrier, Size: 1 + g.IntN(3)},
	}
}

// favour gives one to three families most of the weight, so that their operations meet, and the scenario's objects are
// not all touched once.
func (g *generator) favour() {
	for f := range g.weights {
		g.weights[f] = 1
	}
	g.weights[plain] = 2
	g.lock = pick(g, "l", "s", "s", "k")
	g.focus = family(g.IntN(int(barriers) + 1))
	if g.chance(40) {
		g.weights[g.IntN(int(families))] += 20
	}
	for range 1 + g.IntN(3) {
		g.weights[g.IntN(int(families))] += 5
	}
	g.weights[conditions] += g.IntN(3)
	g.weights[queues] += g.IntN(3)
	g.weights[cancels] += g.IntN(3)
	g.weights[scopes] += g.IntN(4)
}

func (g *generator) add(name string, ops []Op) {
	g.scenario.Tasks = append(g.scenario.Tasks, Task{Name: name, Ops: ops})
}

// chance reports true in percent of a hundred cases.
func (g *generator) chance(percent int) bool { return g.IntN(100) < percent }

func pick[T any](g *generator, from ...T) T { return from[g.IntN(len(from))] }

// time returns milliseconds out of few, so that deadlines are often equal and often due at once.
func (g *generator) time() int { return pick(g, 0, 1, 1, 1, 2, 2, 2, 3, 3, 5) }

func (g *generator) value() int { return g.IntN(10) }

func (g *generator) word() string { return string(rune('a' + g.IntN(26))) }

func (g *generator) message() string { return pick(g, "boom", "bang", "cancelled", "timeout") }

// start names a task that is yet to be started, or, rarely, one that is not.
func (g *generator) start() (string, bool) {
	if len(g.known) > 0 && g.chance(2) {
		return g.task(), true
	}
	if len(g.known) >= g.maxTasks {
		return "", false
	}
	name := fmt.Sprintf("t%d", len(g.known))
	g.known = append(g.known, name)
	g.unwritten = append(g.unwritten, name)
	if g.starting {
		g.early++
	}
	return name, true
}

// starts names up to most tasks that are yet to be started.
func (g *generator) starts(most int) []string {
	names := []string{}
	for range g.IntN(most + 1) {
		if name, ok := g.start(); ok {
			names = append(names, name)
		}
	}
	return names
}

// task names a task to do something with, which most often has been started.
func (g *generator) task() string {
	switch {
	case g.chance(3):
		return Main
	case g.self != "" && g.chance(4):
		return g.self
	case g.early > 0 && g.self != "" && g.chance(90):
		return g.known[g.IntN(g.early)]
	case len(g.known) > 0:
		return g.known[g.IntN(len(g.known))]
	}
	return Main
}

func (g *generator) tasks() []string {
	names := []string{}
	for range g.IntN(4) {
		names = append(names, g.task())
	}
	if len(names) == 0 && g.chance(80) {
		names = append(names, g.task())
	}
	return names
}
