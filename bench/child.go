package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"
)

// A child is a process that writes a line for each line it reads, sleeps otherwise, and ends when its standard input
// closes: also when this process dies.
type child struct {
	process *exec.Cmd
	stdin   io.WriteCloser
	lines   *bufio.Reader
	stderr  bytes.Buffer
}

// childPatience is how long a child may take to end.
const childPatience = 10 * time.Second

// startChild starts the command by its process's Start, or by what the caller wraps around that.
func startChild(wrap func(start func() error) error, command ...string) (*child, error) {
	c := &child{process: exec.Command(command[0], command[1:]...)}
	c.process.Stderr = &c.stderr
	c.process.WaitDelay = time.Second
	stdin, err := c.process.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := c.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c.stdin, c.lines = stdin, bufio.NewReader(stdout)
	if wrap == nil {
		wrap = func(start func() error) error { return start() }
	}
	if err := wrap(c.process.Start); err != nil {
		return nil, fmt.Errorf("starting %s: %w", command[0], err)
	}
	return c, nil
}

// ask writes a line and returns the one that answers it. When the context ends first, the child is killed.
func (c *child) ask(ctx context.Context, question string) (string, error) {
	if _, err := io.WriteString(c.stdin, question+"\n"); err != nil {
		return "", fmt.Errorf("asking %q: %w", question, err)
	}
	answer, err := c.line(ctx)
	if err != nil {
		err = fmt.Errorf("asking %q: %w", question, err)
	}
	return answer, err
}

// line is the next that the child writes. When the context ends first, the child is killed.
func (c *child) line(ctx context.Context) (string, error) {
	stop := c.killWith(ctx)
	line, err := c.lines.ReadString('\n')
	if !stop() && err != nil {
		err = context.Cause(ctx)
	} else if errors.Is(err, io.EOF) {
		err = errors.New("the process ended")
	}
	return strings.TrimSpace(line), err
}

// killWith kills the child when the context ends, unless stop is called before.
func (c *child) killWith(ctx context.Context) (stop func() bool) {
	return context.AfterFunc(ctx, func() { _ = c.process.Process.Kill() })
}

// stop ends the child and tells how it ended, with what it said on standard error if that was not well.
func (c *child) stop() error {
	c.stdin.Close()
	ctx, cancel := context.WithTimeout(context.Background(), childPatience)
	defer cancel()
	defer c.killWith(ctx)()
	_, _ = io.Copy(io.Discard, c.lines) // Wait would otherwise close the pipe first
	err := c.process.Wait()
	if err != nil && c.stderr.Len() > 0 {
		err = fmt.Errorf("%w\n%s", err, bytes.TrimSpace(c.stderr.Bytes()))
	}
	return err
}
