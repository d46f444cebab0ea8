package main

import (
	"context"
	_ "embed"
	"errors"
	"os/exec"
	"strings"
)

//go:embed peers/micro.py
var microScript string

// interpreters are tried in order. The system's comes first: a python3 earlier on the
// PATH is often a version manager's, which does not see the system's uvloop.
var interpreters = []string{"/usr/bin/python3", "python3"}

// howToInstall names the system packages that bring the Python subjects.
var howToInstall = map[string]string{
	"asyncio": "needs Python 3.11 or newer: apt-get install python3",
	"uvloop":  "needs Python 3.11 or newer with uvloop: apt-get install python3-uvloop",
}

// pythonSubject runs peers/micro.py on the named event loop. Both loops
// run on the same interpreter: one that has uvloop, if there is any.
func pythonSubject(loop string) Subject {
	return Subject{
		Name: loop,
		Find: func(ctx context.Context) (string, error) {
			_, version, err := findPython(ctx, loop)
			return version, err
		},
		Start: func(ctx context.Context, c Case) (Contender, error) {
			python, _, err := findPython(ctx, loop)
			if err != nil {
				return nil, err
			}
			command := []string{python, "-c", microScript, loop, c.Name}
			if c.Turn == 0 {
				return startFresh(command...), nil
			}
			return startTimed(ctx, c, command...)
		},
	}
}

// findPython returns the interpreter for the loop and the versions of what it brings.
func findPython(ctx context.Context, loop string) (program, version string, err error) {
	const (
		withUvloop = `import sys, platform, uvloop; assert sys.version_info >= (3, 11); print("CPython", platform.python_version(), "with uvloop", uvloop.__version__)`
		alone      = `import sys, platform; assert sys.version_info >= (3, 11); print("CPython", platform.python_version())`
	)
	probes := []string{withUvloop}
	if loop == "asyncio" {
		probes = append(probes, alone)
	}
	for _, probe := range probes {
		for _, candidate := range interpreters {
			out, err := exec.CommandContext(ctx, candidate, "-c", probe).Output()
			if err == nil {
				return candidate, strings.TrimSpace(string(out)), nil
			}
			if ctx.Err() != nil {
				return "", "", ctx.Err()
			}
		}
	}
	return "", "", errors.New(howToInstall[loop])
}
