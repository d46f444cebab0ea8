//go:build unix && !aix

package serve

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"
)

// paper is what the command writes on. It is the handler of the server's access
// log too, and has a line for each request.
type paper struct {
	mu     sync.Mutex
	out    io.Writer
	colour bool
}

func newPaper(out io.Writer) *paper { return &paper{out: out, colour: isTerminal(out)} }

// isTerminal reports whether colour is welcome; see https://no-color.org.
func isTerminal(out io.Writer) bool {
	file, ok := out.(*os.File)
	if !ok || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// The parameters of a terminal's colour sequence.
const (
	bold   = "1"
	dim    = "2"
	red    = "31"
	green  = "32"
	yellow = "33"
	cyan   = "36"
)

func (p *paper) paint(colour, text string) string {
	if !p.colour {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
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
		p.paint(dim, r.Time.Format("15:04:05")),
		p.paint(statusColour(status), fmt.Sprint(status)),
		printable(values["method"].String()),
		printable(values["target"].String()),
		p.paint(dim, size(values["bytes"].Int64())+" in "+took(values["took"].Duration())),
		p.paint(dim, values["peer"].String())))
	return nil
}

func statusColour(status int) string {
	switch {
	case status < 300:
		return green
	case status < 400:
		return cyan
	case status < 500:
		return yellow
	}
	return red
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
