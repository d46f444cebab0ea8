package main

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"os/exec"
	"sync"
	"time"
)

// childVerb starts this binary as the child at the other end of a plain pipe.
const childVerb = "pipe-child"

// pipeMeasurements are the floor: a child on two pipes that sends back what it is sent, a length and so many bytes. It
// cannot be cancelled, has no functions and no errors, and serves one request at a time.
func pipeMeasurements() goMeasurements {
	return goMeasurements{timed: map[string]timedRun{
		"process_serial": onPipes(1, 1, executorPayload),
		"process_64":     onPipes(2, executorInFlight, executorPayload),
		"process_64mb":   onPipes(1, 1, executorLarge),
		"process_start": func(n int) (time.Duration, error) {
			start := time.Now()
			for range n {
				child, err := startPipeChild()
				if err != nil {
					return 0, err
				}
				if err := errors.Join(child.call(make([]byte, 4), make([]byte, 4)), child.end()); err != nil {
					return 0, err
				}
			}
			return time.Since(start), nil
		},
	}}
}

func onPipes(children, inFlight, size int) timedRun {
	return func(n int) (elapsed time.Duration, err error) {
		free := make(chan *pipeChild, children)
		for range children {
			child, err := startPipeChild()
			if err != nil {
				return 0, err
			}
			defer func() { err = errors.Join(err, child.end()) }()
			free <- child
		}
		start := time.Now()
		var callers sync.WaitGroup
		errs := make([]error, min(n, inFlight))
		for i := range errs {
			callers.Go(func() {
				request := binary.LittleEndian.AppendUint32(nil, uint32(size))
				request = append(request, make([]byte, size)...)
				answer := make([]byte, len(request))
				for range share(n, i, len(errs)) {
					child := <-free
					if err := child.call(request, answer); err != nil {
						errs[i] = err
					}
					free <- child
				}
			})
		}
		callers.Wait()
		return time.Since(start), errors.Join(errs...)
	}
}

type pipeChild struct {
	process *exec.Cmd
	in      io.WriteCloser
	out     io.Reader
}

func startPipeChild() (*pipeChild, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &pipeChild{process: exec.CommandContext(context.Background(), self, childVerb)}
	if c.in, err = c.process.StdinPipe(); err != nil {
		return nil, err
	}
	if c.out, err = c.process.StdoutPipe(); err != nil {
		return nil, err
	}
	return c, c.process.Start()
}

// call writes from a goroutine what a pipe does not hold, for the child answers
// before it has read all.
func (c *pipeChild) call(request, answer []byte) error {
	if len(request) <= 4<<10 {
		if _, err := c.in.Write(request); err != nil {
			return err
		}
		_, err := io.ReadFull(c.out, answer)
		return err
	}
	written := make(chan error, 1)
	go func() {
		_, err := c.in.Write(request)
		written <- err
	}()
	_, err := io.ReadFull(c.out, answer)
	return errors.Join(err, <-written)
}

func (c *pipeChild) end() error {
	c.in.Close()
	return c.process.Wait()
}

// servePipe is the child: it sends back each request when it has read all of it.
func servePipe(r io.Reader, w io.Writer) error {
	request := make([]byte, 4)
	for {
		if _, err := io.ReadFull(r, request[:4]); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		size := 4 + int(binary.LittleEndian.Uint32(request))
		if size > len(request) {
			request = append(make([]byte, 0, size), request[:4]...)
		}
		request = request[:size]
		if _, err := io.ReadFull(r, request[4:]); err != nil {
			return err
		}
		if _, err := w.Write(request); err != nil {
			return err
		}
		request = request[:max(4, len(request))]
	}
}
