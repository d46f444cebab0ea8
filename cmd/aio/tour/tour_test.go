package tour

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/goaio/aio/internal/leakcheck"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

func TestEveryStepPasses(t *testing.T) {
	for _, s := range steps {
		t.Run(s.title, func(t *testing.T) {
			t.Parallel()
			if _, err := s.carryOut(func(time.Duration, string) {}); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestTheCodeOfEveryStepIsFound(t *testing.T) {
	for _, s := range steps {
		if lines, err := bodyOf(s.code); err != nil || len(lines) < 3 {
			t.Errorf("%s: %d lines, %v", s.title, len(lines), err)
		}
	}
}

func TestPlainIsASCIIWithoutEscapes(t *testing.T) {
	var out bytes.Buffer
	if status := Main([]string{"--plain", "--step", "3"}, &out, &out); status != 0 {
		t.Fatalf("status %d:\n%s", status, &out)
	}
	for _, c := range out.Bytes() {
		if c != '\n' && (c < ' ' || c > '~') {
			t.Fatalf("byte %#x in:\n%s", c, &out)
		}
	}
	if !strings.Contains(out.String(), "ok 1 steps, 0 failed") {
		t.Errorf("got:\n%s", &out)
	}
}

func TestColouredCodeIsTheSameText(t *testing.T) {
	p := &printer{colour: true}
	for _, s := range steps {
		plain, err := bodyOf(s.code)
		if err != nil {
			t.Fatal(err)
		}
		text := p.coloured(strings.Join(plain, "\n"))
		if !strings.Contains(text, "\x1b[") {
			t.Errorf("%s: no colour", s.title)
		}
		for _, colour := range []string{bold, dim, green, red, yellow, blue, cyan, "0"} {
			text = strings.ReplaceAll(text, "\x1b["+colour+"m", "")
		}
		if text != strings.Join(plain, "\n") {
			t.Errorf("%s: colouring changed the code:\n%s", s.title, text)
		}
	}
}

func TestAFailingStepFailsTheTour(t *testing.T) {
	var out bytes.Buffer
	p := newPrinter(&out, true)
	failing := []step{{title: "fails", code: "hello", run: func(func(string, ...any)) error { return errors.New("broken") }}}
	if err := show(p, failing, 0); !errors.Is(err, errFailed) {
		t.Errorf("got %v", err)
	}
	wrong := []step{{title: "says something else", code: "hello", check: says("this"),
		run: func(say func(string, ...any)) error { say("that"); return nil }}}
	if err := show(p, wrong, 0); !errors.Is(err, errFailed) {
		t.Errorf("got %v", err)
	}
	if !strings.Contains(out.String(), "FAILED broken") {
		t.Errorf("got:\n%s", &out)
	}
}

func TestArguments(t *testing.T) {
	for _, c := range []struct {
		arguments []string
		status    int
	}{
		{[]string{"--list"}, 0},
		{[]string{"--step", "99"}, 2},
		{[]string{"--step", "-1"}, 2},
		{[]string{"--what"}, 2},
		{[]string{"more"}, 2},
	} {
		var out bytes.Buffer
		if status := Main(c.arguments, &out, &out); status != c.status {
			t.Errorf("%q: status %d\n%s", c.arguments, status, &out)
		}
	}
}
