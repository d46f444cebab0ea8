package main

import (
	"context"
	_ "embed"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

//go:embed peers/executors.py
var executorsScript string

// executorPythonSubject runs peers/executors.py on the named event loop, from a file: the processes of Python's
// executor import it.
func executorPythonSubject(loop string) Subject {
	subject := pythonSubject(loop)
	subject.Round = func(ctx context.Context, cases []string) ([]Sample, error) {
		python, _, err := findPython(ctx, loop)
		if err != nil {
			return nil, err
		}
		directory, err := os.MkdirTemp("", "aio-bench")
		if err != nil {
			return nil, err
		}
		defer os.RemoveAll(directory)
		script := filepath.Join(directory, "executors.py")
		if err := os.WriteFile(script, []byte(executorsScript), 0o600); err != nil {
			return nil, err
		}
		seconds := strconv.FormatFloat(window.Seconds(), 'f', -1, 64)
		return runProcess(ctx, cases, nil, python, script, loop, seconds, strings.Join(cases, ","))
	}
	return subject
}
