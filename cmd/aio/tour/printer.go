package tour

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// printer writes for a person: with colour on a terminal, in plain ASCII when
// asked to.
type printer struct {
	out    io.Writer
	colour bool
	bar    string
	yes    string
	no     string
}

func newPrinter(out io.Writer, plain bool) *printer {
	p := &printer{out: out, bar: "│", yes: "✓", no: "✗"}
	if plain {
		p.bar, p.yes, p.no = "|", "ok", "FAILED"
		return p
	}
	file, ok := out.(*os.File)
	if !ok || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return p
	}
	info, err := file.Stat()
	p.colour = err == nil && info.Mode()&os.ModeCharDevice != 0
	return p
}

const (
	bold   = "1"
	dim    = "2"
	green  = "32"
	red    = "31"
	yellow = "33"
	blue   = "34"
	cyan   = "36"
)

func (p *printer) paint(colour, text string) string {
	if !p.colour || text == "" {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

func (p *printer) step(number int, s step) error {
	fmt.Fprintf(p.out, "\n%s %s\n\n", p.paint(cyan, fmt.Sprintf("%2d", number)), p.paint(bold, s.title))
	for _, line := range strings.Split(strings.TrimSpace(s.text), "\n") {
		fmt.Fprintf(p.out, "   %s\n", strings.TrimSpace(line))
	}
	fmt.Fprintln(p.out)
	for _, line := range p.code(s.code) {
		fmt.Fprintf(p.out, "   %s %s\n", p.paint(dim, p.bar), line)
	}
	fmt.Fprintln(p.out)
	r, err := s.carryOut(func(elapsed time.Duration, line string) {
		fmt.Fprintf(p.out, "   %s  %s\n", p.paint(dim, fmt.Sprintf("%5.2fs", elapsed.Seconds())), line)
	})
	if err != nil {
		fmt.Fprintf(p.out, "\n   %s %v\n", p.paint(red, p.no), err)
		return err
	}
	fmt.Fprintf(p.out, "\n   %s in %.2f s\n", p.paint(green, p.yes), r.elapsed.Seconds())
	return nil
}

func (p *printer) summary(ran, failed int, elapsed time.Duration) {
	mark := p.paint(green, p.yes)
	if failed > 0 {
		mark = p.paint(red, p.no)
	}
	fmt.Fprintf(p.out, "\n%s %d steps, %d failed, %.1f s\n", mark, ran, failed, elapsed.Seconds())
}
