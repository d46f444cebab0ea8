//go:build unix && !aix

package serve

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/goaio/aio/cmd/aio/terminal"
)

// paper is what the command writes on. It is the handler of the server's access
// log too, and has a line for each request.
type paper struct {
	mu     sync.Mutex
	out    io.Writer
	colour bool
}

func newPaper(out io.Writer) *paper { return &paper{out: out, colour: terminal.WantsColour(out)} }

func (p *paper) paint(colour, text string) string {
	if !p.colour {
		return text
	}
	return terminal.Paint(colour, text)
}

func (p *paper) say(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintln(p.out, text)
}

// Enabled is for [slog.Handler].
func (p *paper) Enabled(context.Context, slog.Level) bool { return true }

// WithAttrs is for [slog.Handler].
func (p *paper) WithAttrs([]slog.Attr) slog.Handler { return p }

// WithGroup is for [slog.Handler].
func (p *paper) WithGroup(string) slog.Handler { return p }

// Handle writes a request's line.
func (p *paper) Handle(_ context.Context, r slog.Record) error {
	values := map[string]slog.Value{}
	r.Attrs(func(a slog.Attr) bool {
		values[a.Key] = a.Value
		return true
	})
	status := int(values["status"].Int64())
	p.say(fmt.Sprintf("%s  %s  %-4s %s  %s  %s",
		p.paint(terminal.Dim, r.Time.Format("15:04:05")),
		p.paint(statusColour(status), fmt.Sprint(status)),
		printable(values["method"].String()),
		printable(values["target"].String()),
		p.paint(terminal.Dim, size(values["bytes"].Int64())+" in "+took(values["took"].Duration())),
		p.paint(terminal.Dim, values["peer"].String())))
	return nil
}

func statusColour(status int) string {
	switch {
	case status < 300:
		return terminal.Green
	case status < 400:
		return terminal.Cyan
	case status < 500:
		return terminal.Yellow
	}
	return terminal.Red
}

// took is a time in two or three digits.
func took(d time.Duration) string {
	for _, unit := range []time.Duration{time.Second, time.Millisecond, time.Microsecond} {
		if d >= unit {
			return d.Round(unit / 10).String()
		}
	}
	return d.String()
}
