package tour

import (
	"strings"
	"testing"
)

func TestTheCodeOfEveryStepIsFound(t *testing.T) {
	seen := map[string]string{}
	for _, s := range steps {
		lines, err := s.code()
		code := strings.Join(lines, "\n")
		if err != nil || !strings.Contains(code, "say(") {
			t.Errorf("%s: %v\n%s", s.title, err, code)
		}
		if other, ok := seen[code]; ok {
			t.Errorf("%s shows the code of %s", s.title, other)
		}
		seen[code] = s.title
	}
}

func TestCodeIsTheBodyOfTheFunctionThatRuns(t *testing.T) {
	lines, err := step{run: hello}.code()
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"return aio.Run(context.Background(), func(ctx context.Context) error {",
		"\tsay(\"hello\")",
	}
	if len(lines) != 8 || lines[0] != want[0] || lines[1] != want[1] || lines[7] != "})" {
		t.Errorf("got:\n%s", strings.Join(lines, "\n"))
	}
}

func TestAFunctionWithoutShownCodeIsAnError(t *testing.T) {
	s := quick
	s.run = func(func(string, ...any)) error { t.Error("it ran unseen"); return nil }
	if _, err := s.code(); err == nil {
		t.Error("no error")
	}
	var out strings.Builder
	if status := run([]step{s}, nil, &out, &out); status != failed {
		t.Errorf("status %d:\n%s", status, &out)
	}
}
