//go:build !linux

package main

import (
	"errors"
	"io"
)

const serveVerb = "serve"

// netSuites is none: the suite's client stands on epoll, and it reads /proc.
func netSuites() []Suite { return nil }

func serve([]string, io.Reader, io.Writer) error {
	return usageError{errors.New("the net suite needs Linux")}
}
