package tour

import (
	"regexp"
	"strings"
	"testing"
)

var escapes = regexp.MustCompile("\x1b\\[[0-9]*m")

func TestHighlightPaintsAndChangesNothing(t *testing.T) {
	p := &printer{colour: true}
	for _, s := range steps {
		lines, err := s.code()
		if err != nil {
			t.Fatal(err)
		}
		code := strings.Join(lines, "\n")
		painted := p.highlight(code)
		if painted == code {
			t.Errorf("%s: no colour", s.title)
		}
		if got := escapes.ReplaceAllString(painted, ""); got != code {
			t.Errorf("%s: the code was changed:\n%s", s.title, got)
		}
	}
}

func TestHighlightColours(t *testing.T) {
	p := &printer{colour: true}
	for source, want := range map[string]string{
		"return":        "\x1b[34mreturn\x1b[0m",
		"x := 1":        "x := \x1b[33m1\x1b[0m",
		`"if"`:          "\x1b[32m\"if\"\x1b[0m",
		"// func":       "\x1b[2m// func\x1b[0m",
		"returned":      "returned",
		"`a\nb`":        "\x1b[32m`a\x1b[0m\n\x1b[32mb`\x1b[0m",
		"not \x00 code": "not \x00 code",
		"":              "",
	} {
		if got := p.highlight(source); got != want {
			t.Errorf("%q: got %q, want %q", source, got, want)
		}
	}
	if got := new(printer).highlight("return 1"); got != "return 1" {
		t.Errorf("without colour: %q", got)
	}
}
