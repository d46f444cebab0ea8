package loop

import (
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// Where says in a few words what the task does: "not started", "running",
// "ended", or the await that it is suspended in and where that stands, as in
// "aio.Sleep at server.go:12". Of a task that is just running the first step
// of another, see Options.EagerStart, it says "starting a task", and of one
// without a loop "on a goroutine of its own". On the loop only, or while that
// does not run.
func (t *Task) Where() string {
	t.scope.loop.mustBeHere("Task.Where")
	c := t.coroutine()
	switch {
	case t.Completed():
		return "ended"
	case t.scope.loop == nil:
		return "on a goroutine of its own"
	case c == nil:
		return "not started"
	case t == CurrentTask():
		return "running"
	case slices.Contains(t.scope.loop.turns.starters, t):
		return "starting a task"
	}
	where := ""
	c.more().visit = func() { where = place() }
	t.scope.loop.disturb(c)
	return where
}

// module is the path of this module, with the dot or slash behind it missing.
const module = "github.com/goaio/aio"

// place describes the innermost call on the stack from outside of aio into it.
// It is called by a suspended task on its own goroutine.
func place() string {
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs)])
	await := ""
	for {
		frame, more := frames.Next()
		if !internalCall(frame.Function, frame.File) {
			return fmt.Sprintf("%s at %s:%d", await, filepath.Base(frame.File), frame.Line)
		}
		await = shortName(frame.Function)
		if !more {
			return await
		}
	}
}

// internalCall reports whether a call is of aio's own code, and no test's.
func internalCall(function, file string) bool {
	if strings.HasSuffix(file, "_test.go") {
		return false
	}
	for _, prefix := range []string{
		module + ".", module + "/loop.", module + "/coro.", module + "/internal/",
		module + "/aionet.", module + "/aiohttp.", module + "/executor.", "iter.", "runtime.",
	} {
		if strings.HasPrefix(function, prefix) {
			return true
		}
	}
	return false
}

// shortName is the name of a function without its package's path, type
// arguments and literals inside of it.
func shortName(name string) string {
	name = name[strings.LastIndexByte(name, '/')+1:]
	for {
		open := strings.IndexByte(name, '[')
		end := strings.IndexByte(name, ']')
		if open < 0 || end < open {
			break
		}
		name = name[:open] + name[end+1:]
	}
	if function, _, literal := strings.Cut(name, ".func"); literal {
		return function
	}
	return name
}
