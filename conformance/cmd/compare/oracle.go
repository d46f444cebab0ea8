package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/goaio/aio/conformance"
)

// An oracle is CPython's side: as many processes as there are processors, kept running, for each takes seconds to start.
type oracle struct {
	processes chan *process // those that have nothing to do
	all       []*process
}

type process struct {
	command *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
}

func newOracle(ctx context.Context, folder string) (*oracle, error) {
	installed := filepath.Join(folder, "oracle", "node_modules")
	if _, err := os.Stat(installed); err != nil {
		return nil, fmt.Errorf("the oracle is not installed: run `npm ci` in %s", filepath.Dir(installed))
	}
	return startOracle(ctx, runtime.NumCPU(), "node", filepath.Join(folder, "oracle", "oracle.mjs"))
}

// startOracle starts so many processes of a program that answers each line as it comes.
func startOracle(ctx context.Context, count int, path string, arguments ...string) (*oracle, error) {
	o := &oracle{processes: make(chan *process, count)}
	for range count {
		p, err := startProcess(ctx, path, arguments...)
		if err != nil {
			o.Close()
			return nil, err
		}
		o.all = append(o.all, p)
		o.processes <- p
	}
	return o, nil
}

func startProcess(ctx context.Context, path string, arguments ...string) (*process, error) {
	command := exec.CommandContext(ctx, path, arguments...)
	command.Stderr = os.Stderr
	in, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, err
	}
	return &process{command: command, in: in, out: bufio.NewReaderSize(out, 1<<20)}, nil
}

// Close ends the processes. It is called when no run is under way.
func (o *oracle) Close() {
	for _, p := range o.all {
		p.in.Close()
		p.command.Wait()
	}
}

// Run spreads the scenarios over the processes. It is safe from any goroutine.
func (o *oracle) Run(ctx context.Context, scenarios []conformance.Scenario) ([]conformance.Trace, error) {
	return o.runWithout(ctx, scenarios)
}

// runWithout runs scenarios with some of the differences switched off.
func (o *oracle) runWithout(ctx context.Context, scenarios []conformance.Scenario, off ...int) ([]conformance.Trace, error) {
	const batch = 250
	traces := make([]conformance.Trace, len(scenarios))
	errs := make([]error, (len(scenarios)+batch-1)/batch)
	var running sync.WaitGroup
	var failed atomic.Bool
	for i := range errs {
		p := <-o.processes
		if failed.Load() {
			o.processes <- p
			break
		}
		running.Go(func() {
			defer func() { o.processes <- p }()
			from, to := i*batch, min((i+1)*batch, len(scenarios))
			var part []conformance.Trace
			part, errs[i] = p.run(scenarios[from:to], off)
			failed.CompareAndSwap(false, errs[i] != nil)
			copy(traces[from:to], part)
		})
	}
	running.Wait()
	return traces, errors.Join(append(errs, ctx.Err())...)
}

func (p *process) run(scenarios []conformance.Scenario, off []int) ([]conformance.Trace, error) {
	var in bytes.Buffer
	if err := writeScenarios(&in, scenarios, off); err != nil {
		return nil, err
	}
	// Written beside the reading: the pipes hold less than a batch.
	written := make(chan error, 1)
	go func() {
		_, err := p.in.Write(in.Bytes())
		written <- err
	}()
	var out bytes.Buffer
	for range scenarios {
		line, err := p.out.ReadBytes('\n')
		if err != nil {
			p.in.Close() // frees the writer
			return nil, fmt.Errorf("the oracle ended: %w", errors.Join(err, <-written))
		}
		out.Write(line)
	}
	if err := <-written; err != nil {
		return nil, fmt.Errorf("the oracle ended: %w", err)
	}
	results, err := conformance.ReadResults(&out)
	if err != nil {
		return nil, err
	}
	return tracesOf(scenarios, results)
}
