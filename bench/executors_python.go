package main

import (
	"context"
	_ "embed"
	"errors"
	"os"
	"path/filepath"
)

//go:embed peers/executors.py
var executorsScript string

// executorPythonSubject runs peers/executors.py on the named event loop, from a file: the processes of Python's
// executor import it.
func executorPythonSubject(loop string) Subject {
	subject := pythonSubject(loop)
	subject.Start = func(ctx context.Context, c Case) (Contender, error) {
		python, _, err := findPython(ctx, loop)
		if err != nil {
			return nil, err
		}
		directory, err := os.MkdirTemp("", "aio-bench")
		if err != nil {
			return nil, err
		}
		script := filepath.Join(directory, "executors.py")
		if err := os.WriteFile(script, []byte(executorsScript), 0o600); err != nil {
			return nil, errors.Join(err, os.RemoveAll(directory))
		}
		contender, err := startTimed(ctx, c, python, script, loop, c.Name)
		if contender == nil {
			return nil, errors.Join(err, os.RemoveAll(directory))
		}
		return inDirectory{contender, directory}, err
	}
	return subject
}

// inDirectory removes its directory at its end.
type inDirectory struct {
	Contender
	directory string
}

func (d inDirectory) Stop() error { return errors.Join(d.Contender.Stop(), os.RemoveAll(d.directory)) }
