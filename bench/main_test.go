package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goaio/aio/executor"
	"github.com/goaio/aio/internal/leakcheck"
)

func TestMain(m *testing.M) {
	executor.Main()
	if len(os.Args) > 1 && os.Args[1] == measureVerb {
		main() // as the process of a Go subject
		return
	}
	if len(os.Args) > 1 && os.Args[1] == serveVerb {
		main() // as the server of one
		return
	}
	leakcheck.Main(m)
}

// fixedSubject finds the same value in every turn, and logs what is done with it.
func fixedSubject(name string, value float64, log *[]string) Subject {
	return Subject{
		Name: name,
		Find: func(context.Context) (string, error) { return name + " 1.0", nil },
		Start: func(_ context.Context, c Case) (Contender, error) {
			*log = append(*log, "start "+name)
			return &fixedContender{name: name, value: value, log: log}, nil
		},
	}
}

type fixedContender struct {
	name  string
	value float64
	log   *[]string
	dies  int // in which turn; zero never
	turns int
}

var errDied = errors.New("died")

func (f *fixedContender) Turn(context.Context) (Sample, error) {
	*f.log = append(*f.log, f.name)
	if f.turns++; f.turns == f.dies {
		return Sample{}, errDied
	}
	return Sample{Value: f.value}, nil
}

func (f *fixedContender) Stop() error {
	*f.log = append(*f.log, "stop "+f.name)
	return nil
}

func fixedSuite(log *[]string) Suite {
	absent := fixedSubject("absent", 1, log)
	absent.Find = func(context.Context) (string, error) { return "", errors.New("apt-get install absent") }
	return Suite{
		Name: "fixed",
		Laps: 2,
		Cases: []Case{
			{Name: "first", Unit: "ns", Turn: time.Millisecond},
			{Name: "second", Unit: "ns", Turn: time.Millisecond},
			{Name: "once", Unit: "B"},
			{Name: "elsewhere", Unit: "B", Needs: func() error { return errors.New("not on this system") }},
		},
		Subjects: []Subject{fixedSubject(ours, 10, log), absent, fixedSubject("peer", 25, log)},
	}
}

func TestCommandPrintsJSON(t *testing.T) {
	var log []string
	var stdout, stderr bytes.Buffer
	args := []string{"fixed", "-json", "-rounds", "4"}
	if err := command(t.Context(), []Suite{fixedSuite(&log)}, args, &stdout, &stderr); err != nil {
		t.Fatal(err)
	}
	for _, said := range []string{
		"subject absent left out: apt-get install absent",
		"case elsewhere left out: not on this system",
	} {
		if !strings.Contains(stderr.String(), said) {
			t.Errorf("standard error lacks %q:\n%s", said, &stderr)
		}
	}
	lines := strings.Split(strings.TrimSpace(stdout.String()), "\n")
	if len(lines) != 6 {
		t.Fatalf("%d lines, want 6:\n%s", len(lines), &stdout)
	}
	if want := `{"suite":"fixed","case":"first","subject":"peer","value":25,"unit":"ns","ratio":{"value":0.4,"low":0.4,"high":0.4}}`; lines[1] != want {
		t.Errorf("second line %s, want %s", lines[1], want)
	}
	for _, line := range lines {
		if !json.Valid([]byte(line)) {
			t.Errorf("not JSON: %s", line)
		}
	}
}

func TestCommandChoosesCasesAndSubjects(t *testing.T) {
	var log []string
	var stdout, stderr bytes.Buffer
	args := []string{"fixed", "-cases", "second, first", "-subjects", "peer"}
	if err := command(t.Context(), []Suite{fixedSuite(&log)}, args, &stdout, &stderr); err != nil {
		t.Fatal(err)
	}
	if want := slices.Repeat([]string{"start peer", "peer", "peer", "stop peer"}, 6); !slices.Equal(log, want) {
		t.Errorf("ran as %q, want %q", log, want)
	}
}

func TestCommandRefusesBadArguments(t *testing.T) {
	for _, args := range [][]string{
		{},
		{"none"},
		{"fixed", "-rounds", "2"},
		{"fixed", "-laps", "0"},
		{"fixed", "-turn", "-1s"},
		{"fixed", "-cases", "first,none"},
		{"fixed", "-subjects", "none"},
		{"fixed", "-none"},
		{"fixed", "extra"},
		{measureVerb},
		{measureVerb, "none", "peer", "first"},
		{measureVerb, "fixed", "none", "first"},
		{measureVerb, "fixed", "peer", "first"},
		{serveVerb},
		{serveVerb, "none", "echo"},
		{serveVerb, "net", "none"},
		{serveVerb, "net", "echo", "-loops", "0"},
	} {
		var log []string
		var stdout, stderr bytes.Buffer
		err := command(t.Context(), []Suite{fixedSuite(&log)}, args, &stdout, &stderr)
		if !errors.As(err, new(usageError)) {
			t.Errorf("%q: error %v, want a usage error", args, err)
		}
		if len(log) > 0 || stdout.Len() > 0 {
			t.Errorf("%q measured %q and printed %q", args, log, &stdout)
		}
	}
}

func TestCommandHelps(t *testing.T) {
	for _, args := range [][]string{{"-h"}, {"fixed", "-h"}} {
		var stdout, stderr bytes.Buffer
		err := command(t.Context(), []Suite{fixedSuite(new([]string))}, args, &stdout, &stderr)
		if !errors.Is(err, flag.ErrHelp) || !strings.HasPrefix(stderr.String(), "usage:") {
			t.Errorf("%q: error %v, standard error %q", args, err, &stderr)
		}
	}
}

func TestCommandReportsAFailedStart(t *testing.T) {
	broken := errors.New("broken")
	suite := fixedSuite(new([]string))
	suite.Subjects[2].Start = func(context.Context, Case) (Contender, error) { return nil, broken }
	var stdout, stderr bytes.Buffer
	err := command(t.Context(), []Suite{suite}, []string{"fixed"}, &stdout, &stderr)
	if !errors.Is(err, broken) || !strings.Contains(err.Error(), "first, peer") {
		t.Errorf("error %v, want peer's", err)
	}
	if stdout.Len() > 0 {
		t.Errorf("printed %q after a failure", &stdout)
	}
}
