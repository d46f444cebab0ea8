package loop

import (
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/goaio/aio/internal/goroutines"
)

// A dump shows no more than this many tasks, and stacks only in a process of
// no more than that many goroutines: it stands still while they are read.
const (
	maxDumpedTasks      = 10_000
	maxDumpedGoroutines = 10_000
)

// Dump writes what all loops that are being run are doing: for each its tasks
// as a tree in which a task stands under the one that awaits it, with what it
// waits for, since when, and the calls that it is suspended in. It works while
// a loop is stuck, and shows in what. The program stands still for some tens of
// microseconds a goroutine; in one of more than 10,000 the calls are left out.
// Safe from any goroutine.
func Dump(w io.Writer) error {
	var all []goroutines.Goroutine
	if runtime.NumGoroutine() <= maxDumpedGoroutines {
		all = goroutines.All()
	}
	infos := Snapshot()
	text := &strings.Builder{}
	loops := Loops()
	if len(loops) == 0 {
		text.WriteString("no loop runs\n")
	}
	t := newTree(infos, all)
	for i, l := range loops {
		if i > 0 {
			text.WriteByte('\n')
		}
		t.header(text, l, all)
		t.print(text, l)
	}
	_, err := io.WriteString(w, text.String())
	return err
}

// graph is a dump of this loop without stacks.
func (l *Loop) graph() string {
	text := &strings.Builder{}
	newTree(Snapshot(), nil).print(text, l)
	return text.String()
}

// tree is what a dump knows of the tasks.
type tree struct {
	infos   []TaskInfo
	index   map[*Task]int
	parent  map[*Task]*Task // one that awaits it
	stacks  map[uintptr]goroutines.Goroutine
	printed map[*Task]bool
}

func newTree(infos []TaskInfo, all []goroutines.Goroutine) *tree {
	t := &tree{
		infos:   infos,
		index:   map[*Task]int{},
		parent:  map[*Task]*Task{},
		stacks:  map[uintptr]goroutines.Goroutine{},
		printed: map[*Task]bool{},
	}
	for i, info := range infos {
		t.index[info.Task] = i
	}
	for _, info := range infos {
		for _, awaited := range info.Tasks {
			if t.parent[awaited] == nil {
				t.parent[awaited] = info.Task
			}
		}
	}
	for _, g := range all {
		if address, ok := taskAddress(g); ok {
			t.stacks[address] = g
		}
	}
	return t
}

func (t *tree) header(w *strings.Builder, l *Loop, all []goroutines.Goroutine) {
	fmt.Fprintf(w, "loop %d (%s), %d tasks", l.id, l.driver.Name(), l.tasks.len())
	if h := l.holderAmong(all); h != nil && !h.asleep() {
		fmt.Fprintf(w, ", held by a goroutine that %s", h.doing())
		if place := h.place(); place != "" {
			fmt.Fprintf(w, " at %s", place)
		}
	} else if l.foreign.asleep.Load() {
		w.WriteString(", asleep")
	}
	w.WriteByte('\n')
}

// print writes the tasks of a loop that nobody awaits, and below them those
// that they await. A circle is written from its oldest task on.
func (t *tree) print(w *strings.Builder, l *Loop) {
	for _, roots := range []bool{true, false} {
		for _, info := range t.infos {
			switch {
			case info.Loop != l || t.printed[info.Task] || roots && t.parent[info.Task] != nil:
			case len(t.printed) >= maxDumpedTasks:
				fmt.Fprintf(w, "and more: a dump shows no more than %d tasks\n", maxDumpedTasks)
				return
			default:
				t.node(w, info, "", "", nil)
			}
		}
	}
}

// node writes a task and those that it awaits. first stands before its first
// line, rest before the others.
func (t *tree) node(w *strings.Builder, info TaskInfo, first, rest string, above *Task) {
	t.printed[info.Task] = true
	fmt.Fprintf(w, "%s%s%s\n", first, info, info.more(above))
	calls := t.calls(info)
	bar := "    "
	if len(info.Tasks) > 0 {
		bar = "│   "
	}
	for _, call := range calls {
		fmt.Fprintf(w, "%s%s%s\n", rest, bar, call)
	}
	for i, awaited := range info.Tasks {
		branch, below := "├─ ", "│  "
		if i == len(info.Tasks)-1 {
			branch, below = "└─ ", "   "
		}
		at, live := t.index[awaited]
		switch {
		case t.printed[awaited] || !live:
			fmt.Fprintf(w, "%s%s%s, see above\n", rest, branch, awaited.Name())
		default:
			t.node(w, t.infos[at], rest+branch, rest+below, info.Task)
		}
	}
}

// more is what a dump adds to the task's description.
func (i TaskInfo) more(above *Task) string {
	text := ""
	if i.State == Waiting {
		if since := i.Loop.Now().Sub(i.Since); since >= time.Millisecond {
			text += ", since " + since.Round(time.Millisecond).String()
		}
	}
	if i.Owner != nil && i.Owner != above {
		text += ", in the group of " + i.Owner.Name()
	}
	if i.Spawned != "" {
		text += fmt.Sprintf(", steps: %d, busy for %v, started by %s", i.Steps, i.Busy.Round(time.Microsecond), i.Spawned)
	}
	return text
}

// calls are the program's own calls on the task's stack.
func (t *tree) calls(info TaskInfo) (calls []string) {
	g, ok := t.stacks[identity(info.Task)]
	if !ok {
		return nil
	}
	if g.State != suspendedState && info.State != Waiting {
		calls = append(calls, "["+(&holder{g}).doing()+"]")
	}
	for _, f := range g.Frames {
		if !internalCall(f.Function, f.File) {
			calls = append(calls, fmt.Sprintf("%s at %s:%d", shortName(f.Function), filepath.Base(f.File), f.Line))
		}
	}
	return calls
}
