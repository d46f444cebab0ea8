package loop

import (
	"fmt"
	"os"
	"strings"
)

// ReportKind says what a [Report] is about.
type ReportKind string

const (
	// Stalled: one callback, or one step of a task, holds the loop. It is
	// reported while it does.
	Stalled ReportKind = "stalled"
	// SlowCallback: a callback, or a step of a task, held the loop for long.
	SlowCallback ReportKind = "slow callback"
	// WrongGoroutine: a method that is for the loop only was called elsewhere.
	WrongGoroutine ReportKind = "wrong goroutine"
	// ForeignContext: a task awaited with the context of another task.
	ForeignContext ReportKind = "foreign context"
	// ThreadLocked: a task was about to await with its OS thread locked.
	ThreadLocked ReportKind = "thread locked"
	// Unawaited: nobody awaited a task, and no group had it.
	Unawaited ReportKind = "unawaited"
	// Conflict: two tasks use at once what only one can use at a time.
	Conflict ReportKind = "conflict"
	// Idle: tasks wait, and the loop knows of nothing that could wake them.
	Idle ReportKind = "idle"
)

// Report is what the watchdog or debug mode has to say.
type Report struct {
	Kind ReportKind
	Loop *Loop
	// Task is the one that the report is about, nil if it is about none.
	Task *Task
	// Message says what happened, Advice what to do about it.
	Message, Advice string
	// Place is the line of the program that it is about, where one is known.
	Place string
	// Detail has more lines, such as a stack; it may be empty.
	Detail string
}

// String is the report as it is printed, in several lines.
func (r Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "aio: %s: %s", r.Kind, r.Message)
	if r.Place != "" {
		fmt.Fprintf(&b, "\n\tat %s", r.Place)
	}
	if r.Advice != "" {
		fmt.Fprintf(&b, "\n\tto do: %s", r.Advice)
	}
	if r.Detail != "" {
		b.WriteString("\n\t" + strings.ReplaceAll(strings.TrimRight(r.Detail, "\n"), "\n", "\n\t"))
	}
	return b.String()
}

// Report hands r, whose Loop it sets, to the report handler of the options;
// without one, or if that panics, it is printed on standard error. Safe from any
// goroutine.
func (l *Loop) Report(r Report) {
	r.Loop = l
	handler := l.options.ReportHandler
	if handler == nil {
		fmt.Fprintln(os.Stderr, r)
		return
	}
	defer func() { // on the watchdog's goroutine a panic would end the process
		if value := recover(); value != nil {
			fmt.Fprintln(os.Stderr, r)
			DefaultExceptionHandler(l, Exception{Message: "the report handler panicked", Err: NewPanicError(value)})
		}
	}()
	handler(r)
}
