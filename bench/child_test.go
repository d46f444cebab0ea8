package main

import (
	"context"
	"errors"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// needsShell skips the test on a system without a shell.
func needsShell(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip(err)
	}
}

// shell starts a shell script as a child that takes turns.
func shell(t *testing.T, script string) (*timed, func()) {
	t.Helper()
	needsShell(t)
	c, err := startChild(nil, "sh", "-c", script)
	if err != nil {
		t.Fatal(err)
	}
	return &timed{child: c, operations: 10, unit: 1}, func() {
		if err := c.stop(); err != nil {
			t.Error(err)
		}
	}
}

func TestTimedAsksItsChild(t *testing.T) {
	contender, stop := shell(t, `while read n; do echo $((n * 25)); done`)
	defer stop()
	for range 3 {
		if sample, err := contender.Turn(t.Context()); err != nil || sample.Value != 25 {
			t.Errorf("sample %v, error %v; want 25", sample, err)
		}
	}
}

func TestTimedRefusesOtherAnswers(t *testing.T) {
	for _, answer := range []string{"", "soon", "-5", "0", "1.5", "99999999999999999999"} {
		contender, stop := shell(t, `while read n; do echo "`+answer+`"; done`)
		if sample, err := contender.Turn(t.Context()); err == nil {
			t.Errorf("%q read as %v", answer, sample)
		}
		stop()
	}
}

func TestChildThatDiesTellsWhy(t *testing.T) {
	contender, _ := shell(t, `read n; echo 100; read n; echo out of breath >&2; exit 3`)
	if _, err := contender.Turn(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := contender.Turn(t.Context()); err == nil || !strings.Contains(err.Error(), "ended") {
		t.Errorf("error %v of a child that ended", err)
	}
	if err := contender.Stop(); err == nil || !strings.Contains(err.Error(), "out of breath") {
		t.Errorf("error %v, want what it said", err)
	}
}

// A child that hangs is killed at the turn's deadline, and its end is no further wait.
func TestChildThatHangsIsKilled(t *testing.T) {
	contender, _ := shell(t, `read n; exec sleep 600`)
	ctx, cancel := context.WithTimeoutCause(t.Context(), 20*time.Millisecond, errors.New("too long"))
	defer cancel()
	if _, err := contender.Turn(ctx); err == nil || !strings.Contains(err.Error(), "too long") {
		t.Errorf("error %v", err)
	}
	if err := contender.Stop(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Errorf("error %v of a child that was killed", err)
	}
}

func TestFreshReadsOneSample(t *testing.T) {
	needsShell(t)
	for line, want := range map[string]float64{
		`{"value":2.5,"note":"so"}`: 2.5,
		``:                          0,
		`yield 3`:                   0,
		`{"value":`:                 0,
		`{"value":0}`:               0,
		`{"value":-1}`:              0,
		`{"value":1e999}`:           0,
	} {
		sample, err := startFresh("sh", "-c", "echo '"+line+"'").Turn(t.Context())
		if (err == nil) != (want > 0) || want > 0 && sample.Value != want {
			t.Errorf("%q read as %v, error %v", line, sample, err)
		}
	}
	if _, err := startFresh("sh", "-c", "echo none >&2; exit 1").Turn(t.Context()); err == nil || !strings.Contains(err.Error(), "none") {
		t.Errorf("error %v, want what it said", err)
	}
}

func FuzzParseSample(f *testing.F) {
	f.Add(`{"value":1}`)
	f.Add(`{"value":1e999}`)
	f.Fuzz(func(t *testing.T, line string) {
		if sample, err := parseSample(line); err == nil && !(sample.Value > 0) {
			t.Errorf("%q read as %v", line, sample)
		}
	})
}

func TestStartTimedCalibrates(t *testing.T) {
	needsShell(t)
	contender, err := startTimed(t.Context(), Case{Unit: "µs", Turn: time.Millisecond}, "sh", "-c", `while read n; do echo $((n * 2000)); done`)
	if err != nil {
		t.Fatal(err)
	}
	if sample, err := contender.Turn(t.Context()); err != nil || sample.Value != 2 {
		t.Errorf("sample %v, error %v; want 2 µs", sample, err)
	}
	if n := contender.(*timed).operations; n < 500 || n > 700 {
		t.Errorf("%d operations a turn", n)
	}
	if err := contender.Stop(); err != nil {
		t.Error(err)
	}
}

func TestAnswerTimed(t *testing.T) {
	var out strings.Builder
	run := func(n int) (time.Duration, error) { return time.Duration(n) * time.Microsecond, nil }
	if err := answerTimed(run, strings.NewReader("1\n20\n"), &out); err != nil || out.String() != "1000\n20000\n" {
		t.Errorf("answered %q, error %v", out.String(), err)
	}
	if err := answerTimed(run, strings.NewReader("many\n"), &out); err == nil {
		t.Error("no error for a word")
	}
	broken := errors.New("broken")
	if err := answerTimed(func(int) (time.Duration, error) { return 0, broken }, strings.NewReader("1\n"), &out); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
}
