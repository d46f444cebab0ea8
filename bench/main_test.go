package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"testing"

	"github.com/goaio/aio/executor"
)

func TestMain(m *testing.M) {
	executor.Main()
	if len(os.Args) > 1 && os.Args[1] == measureVerb {
		main() // a Go subject's round started this binary again
		return
	}
	if len(os.Args) > 1 && os.Args[1] == serveVerb {
		main() // as its server
		return
	}
	// os/signal's goroutine, once there, stays: have it counted before a fuzz run starts it.
	signal.Stop(signals())
	before := runtime.NumGoroutine()
	status := m.Run()
	// A goroutine that has released its waiter may still be on its way out.
	for range 10_000 {
		if runtime.NumGoroutine() <= before {
			os.Exit(status)
		}
		runtime.Gosched()
	}
	fmt.Fprintln(os.Stderr, "goroutines left behind:")
	pprof.Lookup("goroutine").WriteTo(os.Stderr, 1)
	os.Exit(1)
}

func signals() chan os.Signal {
	c := make(chan os.Signal, 1)
	signal.Notify(c, os.Interrupt)
	return c
}

// fixedSubject finds the same value for each case in every round, and logs its rounds.
func fixedSubject(name string, value float64, log *[]string) Subject {
	return Subject{
		Name: name,
		Find: func(context.Context) (string, error) { return name + " 1.0", nil },
		Round: func(_ context.Context, cases []string) ([]Sample, error) {
			*log = append(*log, name+":"+strings.Join(cases, "+"))
			var samples []Sample
			for _, c := range cases {
				samples = append(samples, Sample{Case: c, Value: value})
			}
			return samples, nil
		},
	}
}

func fixedSuite(log *[]string) Suite {
	absent := fixedSubject("absent", 1, log)
	absent.Find = func(context.Context) (string, error) { return "", errors.New("apt-get install absent") }
	return Suite{
		Name: "fixed",
		Cases: []Case{
			{Name: "first", Unit: "ns"},
			{Name: "second", Unit: "ns"},
			{Name: "alone", Unit: "B", Alone: true},
			{Name: "elsewhere", Unit: "B", Needs: func() error { return errors.New("not on this system") }},
		},
		Subjects: []Subject{fixedSubject(ours, 10, log), absent, fixedSubject("peer", 25, log)},
	}
}

func TestCommandAlternatesAndPrintsJSON(t *testing.T) {
	var log []string
	var stdout, stderr bytes.Buffer
	args := []string{"fixed", "-json", "-rounds", "4"}
	if err := command(t.Context(), []Suite{fixedSuite(&log)}, args, &stdout, &stderr); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"aio:alone", "peer:alone", "aio:first+second", "peer:first+second",
		"peer:alone", "aio:alone", "peer:first+second", "aio:first+second",
	}
	if want = append(want, want...); !slices.Equal(log, want) {
		t.Errorf("rounds ran as\n%q, want\n%q", log, want)
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
	if want := `{"suite":"fixed","case":"first","subject":"peer","value":25,"unit":"ns"}`; lines[1] != want {
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
	if want := slices.Repeat([]string{"peer:first+second"}, 3); !slices.Equal(log, want) {
		t.Errorf("rounds ran as %q, want %q", log, want)
	}
}

func TestCommandRefusesBadArguments(t *testing.T) {
	for _, args := range [][]string{
		{},
		{"none"},
		{"fixed", "-rounds", "2"},
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

func TestCommandReportsAFailedRound(t *testing.T) {
	broken := errors.New("broken")
	suite := fixedSuite(new([]string))
	suite.Subjects[2].Round = func(context.Context, []string) ([]Sample, error) { return nil, broken }
	var stdout, stderr bytes.Buffer
	err := command(t.Context(), []Suite{suite}, []string{"fixed"}, &stdout, &stderr)
	if !errors.Is(err, broken) || !strings.Contains(err.Error(), "peer") {
		t.Errorf("error %v, want peer's", err)
	}
	if stdout.Len() > 0 {
		t.Errorf("printed %q after a failure", &stdout)
	}
}
