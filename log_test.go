package aio

import (
	"bytes"
	"context"
	"log/slog"
	"testing"
)

func TestLogHandler(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(LogHandler(slog.NewTextHandler(&out, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey || a.Key == slog.LevelKey {
				return slog.Attr{}
			}
			return a
		},
	})))
	log.Info("nobody")
	virtually(t, func(ctx context.Context) error {
		log.Info("by itself")
		_, err := Go(ctx, func(ctx context.Context) error {
			log.With("a", 1).WithGroup("g").With("b", 2).WithGroup("h").Info("in groups", "c", 3)
			log.Debug("not enabled")
			_, err := Blocking(ctx, func(ctx context.Context) (int, error) {
				log.InfoContext(ctx, "on a thread")
				log.Info("who knows")
				return 0, nil
			})
			return err
		}, Name("child")).Await(ctx)
		return err
	})
	want := `msg=nobody
msg="by itself" task=main
msg="in groups" a=1 task=child g.b=2 g.h.c=3
msg="on a thread" task=child
msg="who knows"
`
	if out.String() != want {
		t.Errorf("got\n%s", out.String())
	}
}
