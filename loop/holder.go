package loop

import (
	"fmt"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"

	"github.com/goaio/aio/internal/goroutines"
)

// holder is the goroutine that holds a loop.
type holder struct{ goroutines.Goroutine }

// holder finds the goroutine that runs the loop's current callback or step: of
// the loop's goroutines the one that is not suspended as a coroutine. It returns
// nil if there is none.
func (l *Loop) holder() *holder { return l.holderAmong(goroutines.All()) }

func (l *Loop) holderAmong(all []goroutines.Goroutine) *holder {
	tasks := map[uintptr]bool{}
	for _, t := range l.Tasks() {
		tasks[identity(t)] = true
	}
	ours := map[int64]bool{}
	for _, g := range all {
		if task, ok := taskAddress(g); ok && tasks[task] || loopAddress(g) == identity(l) {
			ours[g.ID] = true
		}
	}
	// A coroutine is made by the one that resumes it first; so are generators,
	// and tasks that have left the registry already.
	for found := true; found; {
		found = false
		for _, g := range all {
			if !ours[g.ID] && ours[g.Parent] && strings.HasPrefix(g.Creator, "iter.Pull") {
				ours[g.ID], found = true, true
			}
		}
	}
	for _, g := range all {
		if ours[g.ID] && g.State != suspendedState {
			return &holder{g}
		}
	}
	return nil
}

// asleep reports whether the loop just waits for something to happen.
func (h *holder) asleep() bool {
	for _, f := range h.Frames {
		switch f.Function {
		case module + "/loop.(*Loop).wait":
			return true
		case module + "/loop.(*Loop).run", module + "/loop.(*Loop).observe", module + "/loop.(*Task).run":
			return false
		}
	}
	return false
}

// suspendedState is what the runtime calls that of a suspended coroutine, and of
// a goroutine that has resumed one.
const suspendedState = "coroutine"

// taskAddress finds the task that a goroutine runs. The runtime prints the
// receiver of Task.run for certain, because its deferred function needs it.
func taskAddress(g goroutines.Goroutine) (uintptr, bool) {
	for i := len(g.Frames) - 1; i >= 0; i-- {
		switch g.Frames[i].Function {
		case module + "/loop.(*Task).run", module + "/loop.(*Task).runOnGoroutine":
			return g.Frames[i].Receiver()
		}
	}
	return 0, false
}

// loopAddress finds the loop that a goroutine runs, 0 if it runs none.
func loopAddress(g goroutines.Goroutine) uintptr {
	for i := len(g.Frames) - 1; i >= 0; i-- {
		if g.Frames[i].Function == module+"/loop.(*Loop).rounds" {
			address, _ := g.Frames[i].Receiver()
			return address
		}
	}
	return 0
}

// waitStates puts the runtime's words into sentences.
var waitStates = map[string]string{
	"chan receive":            "waits to receive from a channel",
	"chan send":               "waits to send on a channel",
	"chan receive (nil chan)": "waits to receive from a nil channel, for ever",
	"chan send (nil chan)":    "waits to send on a nil channel, for ever",
	"select":                  "waits in a select of channels",
	"select (no cases)":       "waits in a select without cases, for ever",
	"sleep":                   "sleeps in time.Sleep",
	"IO wait":                 "waits for input or output of a net or os call",
	"semacquire":              "waits for a semaphore of the runtime",
	"running":                 "computes",
	"runnable":                "computes",
	"preempted":               "computes",
}

// doing says what the goroutine sits in.
func (h *holder) doing() string {
	if call := h.systemCall(); call != "" {
		return "is in the system call " + call
	}
	if strings.HasPrefix(h.State, "sync.") {
		what := "waits in " + h.State
		for _, f := range h.Frames {
			if address, ok := f.Receiver(); ok && (strings.HasPrefix(f.Function, "sync.") || strings.HasPrefix(f.Function, "internal/sync.(")) {
				return fmt.Sprintf("%s (%#x)", what, address)
			}
		}
		return what
	}
	if words := waitStates[h.State]; words != "" {
		return words
	}
	return "is in the state " + h.State
}

// systemCall names the system call that the goroutine is in, "" if none. One
// that does not go through the scheduler shows as running.
func (h *holder) systemCall() string {
	name := ""
	for _, f := range h.Frames {
		of := packageOf(f.Function)
		if of != "syscall" && of != "golang.org/x/sys/unix" && of != "internal/runtime/syscall" &&
			of != "internal/runtime/syscall/linux" && of != "runtime" {
			break
		}
		if of == "syscall" || of == "golang.org/x/sys/unix" {
			name = f.Function[strings.LastIndexByte(f.Function, '.')+1:]
			if lower := strings.ToLower(name); !strings.Contains(lower, "syscall") {
				break
			}
		}
	}
	if name == "" && h.State == "syscall" {
		return "that its stack shows"
	}
	return name
}

// place is the line of the program that the goroutine stands in: the innermost
// that is neither the standard library's nor aio's own.
func (h *holder) place() string {
	for _, f := range h.Frames {
		if !standard(f) && !internalCall(f.Function, f.File) {
			return fmt.Sprintf("%s, %s:%d", shortName(f.Function), filepath.Base(f.File), f.Line)
		}
	}
	return ""
}

// packageOf is the path of a function's package.
func packageOf(function string) string {
	slash := strings.LastIndexByte(function, '/') + 1
	name, _, _ := strings.Cut(function[slash:], ".")
	return function[:slash] + name
}

// standard reports whether a call is of the standard library: its package's path
// has no dot in its first element, and its file lies where those of the library
// do.
func standard(f goroutines.Frame) bool {
	of := packageOf(f.Function)
	first, _, _ := strings.Cut(of, "/")
	return first != "main" && !strings.Contains(first, ".") && strings.HasPrefix(f.File, library)
}

// library is the directory of the standard library's source; "" in a program
// that was built with -trimpath.
var library = func() string {
	file, _ := runtime.FuncForPC(reflect.ValueOf(strings.Cut).Pointer()).FileLine(0)
	return strings.TrimSuffix(file, "strings/strings.go")
}()
