package tour

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/goaio/aio"
)

// Each step is run once, as a user would run it alone.
func TestEveryStepPassesInPlainText(t *testing.T) {
	for i := range steps {
		t.Run(steps[i].title, func(t *testing.T) {
			t.Parallel()
			var out, messages bytes.Buffer
			if status := Main([]string{"--plain", "--step", fmt.Sprint(i + 1)}, &out, &messages); status != 0 {
				t.Fatalf("status %d:\n%s%s", status, &out, &messages)
			}
			for l := range strings.SplitSeq(out.String(), "\n") {
				if strings.ContainsFunc(l, func(r rune) bool { return r < ' ' || r > '~' }) {
					t.Errorf("not plain ASCII: %q", l)
				}
				if len(l) > width || strings.TrimRight(l, " ") != l {
					t.Errorf("too wide, or ends in a space: %q", l)
				}
			}
		})
	}
}

func TestEveryStepExplainsItself(t *testing.T) {
	for _, s := range steps {
		if s.title == "" || s.text == "" || s.asyncio == "" || s.proves == "" || s.check == nil {
			t.Errorf("%q has something missing", s.title)
		}
	}
}

func TestListNumbersTheSteps(t *testing.T) {
	var out bytes.Buffer
	if status := Main([]string{"--list"}, &out, &out); status != passed {
		t.Fatalf("status %d:\n%s", status, &out)
	}
	lines := strings.Split(strings.TrimRight(out.String(), "\n"), "\n")
	if len(lines) != len(steps) {
		t.Fatalf("%d lines for %d steps", len(lines), len(steps))
	}
	for i, l := range lines {
		if want := fmt.Sprintf("%3d  %s", i+1, steps[i].title); l != want {
			t.Errorf("got %q, want %q", l, want)
		}
	}
}

func TestAFailureGivesStatus1AndTheTourGoesOn(t *testing.T) {
	failing := quick
	failing.check = func(result) error { return errors.New("not as it should be") }
	var out bytes.Buffer
	if status := run([]step{quick, failing, quick, failing}, []string{"--plain"}, &out, &out); status != failed {
		t.Errorf("status %d", status)
	}
	for _, want := range []string{"FAILED 0.00s: not as it should be", "of 4 steps these failed: 2 4"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in:\n%s", want, &out)
		}
	}
	if status := run([]step{failing}, []string{"--step", "1"}, &out, &out); status != failed {
		t.Errorf("alone: status %d", status)
	}
}

func TestPassingGivesStatus0(t *testing.T) {
	var out bytes.Buffer
	if status := run([]step{quick, quick}, []string{"--plain"}, &out, &out); status != passed {
		t.Errorf("status %d", status)
	}
	if !strings.Contains(out.String(), "ok all 2 steps passed") {
		t.Errorf("got:\n%s", &out)
	}
}

func TestTheTourEndsWhereItCannotGoOn(t *testing.T) {
	for _, c := range []struct {
		err    error
		status int
	}{
		{fmt.Errorf("main was cancelled: %w", aio.ErrInterrupted), interrupted},
		{errHangs, failed},
	} {
		first := quick
		first.check = func(result) error { return c.err }
		second := quick
		second.title = "never shown"
		var out bytes.Buffer
		if status := run([]step{first, second}, nil, &out, &out); status != c.status {
			t.Errorf("%v: status %d", c.err, status)
		}
		if strings.Contains(out.String(), second.title) {
			t.Errorf("%v: the tour went on", c.err)
		}
	}
}

func TestArgumentsThatMakeNoSense(t *testing.T) {
	for _, arguments := range [][]string{
		{"--step", "99"}, {"--step", "0"}, {"--step", "-1"}, {"--step", "two"}, {"--step"}, {"--what"}, {"more"},
	} {
		var out, messages bytes.Buffer
		if status := Main(arguments, &out, &messages); status != misused {
			t.Errorf("%q: status %d", arguments, status)
		}
		if out.Len() > 0 || !strings.Contains(messages.String(), usage) {
			t.Errorf("%q: printed %q, and as messages %q", arguments, &out, &messages)
		}
	}
}

func TestHelpIsNoMistake(t *testing.T) {
	var out, messages bytes.Buffer
	if status := Main([]string{"--help"}, &out, &messages); status != passed || out.String() != usage || messages.Len() > 0 {
		t.Errorf("status %d, %q, %q", status, &out, &messages)
	}
}

func TestHeadingsFillTheWidth(t *testing.T) {
	for i, s := range steps {
		var out bytes.Buffer
		newPrinter(&out, false).heading(fmt.Sprintf("%d/%d", i+1, len(steps)), s.title)
		heading := strings.TrimRight(out.String(), "\n")
		if n := utf8.RuneCountInString(heading); n != width {
			t.Errorf("%d columns: %s", n, heading)
		}
	}
}
