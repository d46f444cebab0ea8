package aio

import (
	"context"
	"log/slog"
	"slices"

	"github.com/goaio/aio/loop"
)

// LogHandler returns a handler that adds the name of the task that logs, as the
// attribute "task", and hands the record on to next. In a plain goroutine, such
// as a function of [Blocking], it is the task that the context belongs to; if
// there is none nothing is added. The attribute stands outside of groups.
//
//	slog.SetDefault(slog.New(aio.LogHandler(slog.NewTextHandler(os.Stderr, nil))))
func LogHandler(next slog.Handler) slog.Handler { return &logHandler{root: next, next: next} }

// logHandler keeps what was called inside of a group, to do it again behind the
// task's name.
type logHandler struct {
	root   slog.Handler // outside of all groups
	next   slog.Handler
	within []func(slog.Handler) slog.Handler // from root to next
}

func (h *logHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.next.Enabled(ctx, level)
}

func (h *logHandler) Handle(ctx context.Context, r slog.Record) error {
	t := loop.CurrentTask()
	if t == nil {
		t = loop.TaskOf(ctx)
	}
	if t == nil {
		return h.next.Handle(ctx, r)
	}
	name := slog.String("task", t.Name())
	if len(h.within) == 0 {
		r = r.Clone()
		r.AddAttrs(name)
		return h.next.Handle(ctx, r)
	}
	next := h.root.WithAttrs([]slog.Attr{name})
	for _, again := range h.within {
		next = again(next)
	}
	return next.Handle(ctx, r)
}

func (h *logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	if len(h.within) == 0 {
		return LogHandler(h.next.WithAttrs(attrs))
	}
	return h.inner(func(next slog.Handler) slog.Handler { return next.WithAttrs(attrs) })
}

func (h *logHandler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	return h.inner(func(next slog.Handler) slog.Handler { return next.WithGroup(name) })
}

func (h *logHandler) inner(again func(slog.Handler) slog.Handler) *logHandler {
	return &logHandler{root: h.root, next: again(h.next), within: append(slices.Clip(h.within), again)}
}
