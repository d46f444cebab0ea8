package tour

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/goaio/aio/cmd/aio/terminal"
)

// width is what the narrowest terminals have.
const width = 80

// printer writes for a person: with colour on a terminal, in plain ASCII when
// asked to.
type printer struct {
	out    io.Writer
	colour bool
	rule   string
	bar    string
	yes    string
	no     string
}

func newPrinter(out io.Writer, plain bool) *printer {
	if plain {
		return &printer{out: out, rule: "-", bar: "|", yes: "ok", no: "FAILED"}
	}
	return &printer{out: out, colour: terminal.WantsColour(out), rule: "─", bar: "│", yes: "✓", no: "✗"}
}

func (p *printer) paint(colour, text string) string {
	if !p.colour {
		return text
	}
	return terminal.Paint(colour, text)
}

// paragraph writes text in lines that fit the width.
func (p *printer) paragraph(colour, text string) {
	const indent = "   "
	for _, l := range wrap(text, width-len(indent)) {
		fmt.Fprintf(p.out, "%s%s\n", indent, p.paint(colour, l))
	}
	fmt.Fprintln(p.out)
}

// wrap breaks text between words into lines of at most so many characters, but
// for a word that is longer.
func wrap(text string, width int) (lines []string) {
	var current string
	for _, word := range strings.Fields(text) {
		switch {
		case current == "":
			current = word
		case utf8.RuneCountInString(current)+1+utf8.RuneCountInString(word) <= width:
			current += " " + word
		default:
			lines = append(lines, current)
			current = word
		}
	}
	if current != "" {
		lines = append(lines, current)
	}
	return lines
}

func (p *printer) welcome(steps int) {
	fmt.Fprintf(p.out, "\n%s\n\n", p.paint(terminal.Bold, "aio: asyncio's ideas, in Go"))
	p.paragraph("", fmt.Sprintf(`%d steps, about five seconds. Each shows its code, runs it, and checks
		what it did. In the code, say prints a line, with the seconds since the step began.`, steps))
}

func (p *printer) list(steps []step) {
	for i, s := range steps {
		fmt.Fprintf(p.out, "%s  %s\n", p.paint(terminal.Cyan, fmt.Sprintf("%3d", i+1)), s.title)
	}
}

// step shows a step, runs it, and says how it went.
func (p *printer) step(number, of int, s step) error {
	p.heading(fmt.Sprintf("%d/%d", number, of), s.title)
	p.paragraph("", s.text)
	p.paragraph(terminal.Dim, "In asyncio: "+s.asyncio)
	r, err := p.runShown(s)
	if err != nil {
		fmt.Fprintf(p.out, "\n   %s %v\n\n", p.paint(terminal.Red, fmt.Sprintf("%s %.2fs:", p.no, r.elapsed.Seconds())), err)
		return err
	}
	fmt.Fprintf(p.out, "\n   %s %s\n\n", p.paint(terminal.Green, fmt.Sprintf("%s %.2fs:", p.yes, r.elapsed.Seconds())), s.proves)
	return nil
}

func (p *printer) runShown(s step) (result, error) {
	lines, err := s.code()
	if err != nil {
		return result{}, err
	}
	for l := range strings.SplitSeq(p.highlight(strings.Join(lines, "\n")), "\n") {
		if l != "" {
			l = "     " + strings.ReplaceAll(l, "\t", "    ")
		}
		fmt.Fprintln(p.out, l)
	}
	fmt.Fprintln(p.out)
	return s.carryOut(limit, func(l line) {
		fmt.Fprintf(p.out, "   %s %s\n", p.paint(terminal.Dim, fmt.Sprintf("%.2fs %s", l.at.Seconds(), p.bar)), l.text)
	})
}

func (p *printer) heading(number, title string) {
	left := strings.Repeat(p.rule, 2)
	used := 2 + 1 + len(number) + 2 + utf8.RuneCountInString(title) + 1
	right := strings.Repeat(p.rule, max(2, width-used))
	fmt.Fprintf(p.out, "%s %s  %s %s\n\n", p.paint(terminal.Dim, left), p.paint(terminal.Cyan, number), p.paint(terminal.Bold, title), p.paint(terminal.Dim, right))
}

// farewell sums up; failures are the numbers of the steps that failed.
func (p *printer) farewell(steps int, failures []int, elapsed time.Duration) {
	if len(failures) > 0 {
		numbers := strings.Trim(fmt.Sprint(failures), "[]")
		fmt.Fprintf(p.out, "%s after %.1f s; of %d steps these failed: %s\n", p.paint(terminal.Red, p.no), elapsed.Seconds(), steps, numbers)
		return
	}
	fmt.Fprintf(p.out, "%s all %d steps passed in %.1f s\n\n", p.paint(terminal.Green, p.yes), steps, elapsed.Seconds())
	for _, hint := range [][2]string{
		{"go run ./cmd/aio tour --step 7", "one step again"},
		{"go doc github.com/goaio/aio", "the tutorial"},
		{"go run ./examples/hello", "a program to start from"},
	} {
		fmt.Fprintf(p.out, "   %-32s %s\n", hint[0], p.paint(terminal.Dim, hint[1]))
	}
}
