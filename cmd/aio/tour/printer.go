package tour

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode/utf8"
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
	return &printer{out: out, colour: isTerminal(out), rule: "─", bar: "│", yes: "✓", no: "✗"}
}

// isTerminal reports whether colour is welcome; see https://no-color.org.
func isTerminal(out io.Writer) bool {
	file, ok := out.(*os.File)
	if !ok || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// The parameters of the terminal's colour sequence.
const (
	none   = ""
	bold   = "1"
	dim    = "2"
	red    = "31"
	green  = "32"
	yellow = "33"
	blue   = "34"
	cyan   = "36"
)

// paint colours each line of text by itself, so that lines can be indented
// afterwards.
func (p *printer) paint(colour, text string) string {
	if !p.colour || colour == none || text == "" {
		return text
	}
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		lines[i] = "\x1b[" + colour + "m" + l + "\x1b[0m"
	}
	return strings.Join(lines, "\n")
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
	fmt.Fprintf(p.out, "\n%s\n\n", p.paint(bold, "aio: asyncio's ideas, in Go"))
	p.paragraph(none, fmt.Sprintf(`%d steps, about five seconds. Each shows its code, runs it, and checks
		what it did. In the code, say prints a line, with the seconds since the step began.`, steps))
}

func (p *printer) list(steps []step) {
	for i, s := range steps {
		fmt.Fprintf(p.out, "%s  %s\n", p.paint(cyan, fmt.Sprintf("%3d", i+1)), s.title)
	}
}

// step shows a step, runs it, and says how it went.
func (p *printer) step(number, of int, s step) error {
	p.heading(fmt.Sprintf("%d/%d", number, of), s.title)
	p.paragraph(none, s.text)
	p.paragraph(dim, "In asyncio: "+s.asyncio)
	r, err := p.runShown(s)
	if err != nil {
		fmt.Fprintf(p.out, "\n   %s %v\n\n", p.paint(red, fmt.Sprintf("%s %.2fs:", p.no, r.elapsed.Seconds())), err)
		return err
	}
	fmt.Fprintf(p.out, "\n   %s %s\n\n", p.paint(green, fmt.Sprintf("%s %.2fs:", p.yes, r.elapsed.Seconds())), s.proves)
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
		fmt.Fprintf(p.out, "   %s %s\n", p.paint(dim, fmt.Sprintf("%.2fs %s", l.at.Seconds(), p.bar)), l.text)
	})
}

func (p *printer) heading(number, title string) {
	left := strings.Repeat(p.rule, 2)
	used := 2 + 1 + len(number) + 2 + utf8.RuneCountInString(title) + 1
	right := strings.Repeat(p.rule, max(2, width-used))
	fmt.Fprintf(p.out, "%s %s  %s %s\n\n", p.paint(dim, left), p.paint(cyan, number), p.paint(bold, title), p.paint(dim, right))
}

// farewell sums up; failures are the numbers of the steps that failed.
func (p *printer) farewell(steps int, failures []int, elapsed time.Duration) {
	if len(failures) > 0 {
		numbers := strings.Trim(fmt.Sprint(failures), "[]")
		fmt.Fprintf(p.out, "%s after %.1f s; of %d steps these failed: %s\n", p.paint(red, p.no), elapsed.Seconds(), steps, numbers)
		return
	}
	fmt.Fprintf(p.out, "%s all %d steps passed in %.1f s\n\n", p.paint(green, p.yes), steps, elapsed.Seconds())
	for _, hint := range [][2]string{
		{"go run ./cmd/aio tour --step 7", "one step again"},
		{"go doc github.com/goaio/aio", "the tutorial"},
		{"go run ./examples/hello", "a program to start from"},
	} {
		fmt.Fprintf(p.out, "   %-32s %s\n", hint[0], p.paint(dim, hint[1]))
	}
}
