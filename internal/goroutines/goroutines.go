// Package goroutines reads the runtime's own dump of all goroutines: their
// states, which no other interface tells, and their stacks.
package goroutines

import (
	"runtime"
	"strconv"
	"strings"
)

// Goroutine is one goroutine of a dump.
type Goroutine struct {
	ID int64
	// State is what it does, in the runtime's words: "running", "chan receive",
	// "sync.Mutex.Lock", "syscall", and "coroutine" for one that is suspended.
	State string
	// Locked is set if it has its OS thread locked.
	Locked bool
	// Frames are its calls, the innermost first.
	Frames []Frame
	// Creator is the function that started it, and Parent the goroutine that
	// this was in; both are zero for the first goroutine.
	Creator string
	Parent  int64
	// Text is the goroutine as the runtime printed it.
	Text string
}

// Frame is one call.
type Frame struct {
	Function string // with its package's path: "net/http.(*Server).Serve"
	File     string
	Line     int
	// Arguments is what the runtime printed of them, without the parentheses.
	Arguments string
}

// Receiver returns the first argument, a pointer of a method's receiver. It
// reports false where the runtime does not know it for certain, as in a call
// that was inlined or that does not need it any more.
func (f Frame) Receiver() (uintptr, bool) {
	first, _, _ := strings.Cut(f.Arguments, ",")
	if !strings.HasPrefix(first, "0x") {
		return 0, false
	}
	n, err := strconv.ParseUint(first[2:], 16, 64)
	return uintptr(n), err == nil
}

// A dump larger than maxDump is cut off. A goroutine takes mostly less than
// perGoroutine in one.
const (
	maxDump      = 64 << 20
	perGoroutine = 3 << 10
)

// All returns all goroutines. The program stands still meanwhile, for some
// tens of microseconds a goroutine.
func All() []Goroutine { return Parse(dump(true)) }

// Self returns the calling goroutine.
func Self() Goroutine { return Parse(dump(false))[0] }

// SelfLocked reports whether the calling goroutine has its OS thread locked. It
// takes the longer the deeper the stack is.
func SelfLocked() bool {
	var b [96]byte
	header, _, _ := strings.Cut(string(b[:runtime.Stack(b[:], false)]), "\n")
	return strings.Contains(header, ", locked to thread")
}

func dump(all bool) string {
	size := 16 << 10
	if all {
		// Each attempt makes the program stand still: let the first one do.
		size = min(64<<10+runtime.NumGoroutine()*perGoroutine, maxDump)
	}
	for ; ; size *= 2 {
		b := make([]byte, size)
		if n := runtime.Stack(b, all); n < size || size >= maxDump {
			return string(b[:n])
		}
	}
}

// Parse reads a dump in the form of [runtime.Stack]. What it does not
// understand it leaves out.
func Parse(dump string) []Goroutine {
	var all []Goroutine
	for _, text := range strings.Split(dump, "\n\n") {
		text = strings.Trim(text, "\n")
		header, rest, _ := strings.Cut(text, "\n")
		g := Goroutine{Text: text}
		if g.header(header) {
			g.calls(rest)
			all = append(all, g)
		}
	}
	return all
}

// header reads "goroutine 18 [chan receive, 2 minutes, locked to thread]:".
func (g *Goroutine) header(line string) bool {
	line, ok := strings.CutPrefix(line, "goroutine ")
	if !ok {
		return false
	}
	id, rest, _ := strings.Cut(line, " ")
	var err error
	if g.ID, err = strconv.ParseInt(id, 10, 64); err != nil {
		return false
	}
	_, rest, _ = strings.Cut(rest, "[")
	state, _, ok := strings.Cut(rest, "]")
	if !ok {
		return false
	}
	words := strings.Split(state, ", ")
	g.State = words[0]
	for _, word := range words[1:] {
		g.Locked = g.Locked || word == "locked to thread"
	}
	return true
}

// calls reads pairs of lines: "main.serve(0xc000012080)" and
// "\t/src/main.go:12 +0x1d".
func (g *Goroutine) calls(text string) {
	lines := strings.Split(text, "\n")
	for i := 0; i+1 < len(lines); i++ {
		call, place := lines[i], lines[i+1]
		if strings.HasPrefix(call, "\t") || !strings.HasPrefix(place, "\t") {
			continue
		}
		i++
		var f Frame
		f.File, f.Line = position(place[1:])
		if created, ok := strings.CutPrefix(call, "created by "); ok {
			creator, parent, _ := strings.Cut(created, " in goroutine ")
			g.Creator = creator
			g.Parent, _ = strconv.ParseInt(parent, 10, 64)
			continue
		}
		f.Function = call
		if open := strings.LastIndexByte(call, '('); open >= 0 && strings.HasSuffix(call, ")") {
			f.Function, f.Arguments = call[:open], call[open+1:len(call)-1]
		}
		g.Frames = append(g.Frames, f)
	}
}

func position(place string) (file string, line int) {
	if space := strings.LastIndex(place, " +0x"); space >= 0 {
		place = place[:space]
	}
	colon := strings.LastIndexByte(place, ':')
	if colon < 0 {
		return place, 0
	}
	line, _ = strconv.Atoi(place[colon+1:])
	return place[:colon], line
}
