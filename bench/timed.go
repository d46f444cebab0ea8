package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// A timedRun does exactly n operations and returns the time they took, without its setup.
type timedRun func(n int) (time.Duration, error)

// timed is a contender whose turn is as many operations as its child does in about the length of a turn: counted once, at
// its start, so that all its turns do the same.
type timed struct {
	child      *child
	operations int
	unit       float64 // nanoseconds
}

// startTimed starts a command that reads numbers of operations and answers each with the nanoseconds they took.
func startTimed(ctx context.Context, c Case, command ...string) (Contender, error) {
	child, err := startChild(nil, command...)
	if err != nil {
		return nil, err
	}
	t := &timed{child: child, unit: map[string]float64{"ns": 1, "µs": 1000}[c.Unit]}
	if t.unit == 0 {
		return t, fmt.Errorf("no time is measured in %s", c.Unit)
	}
	t.operations, err = calibrate(c.Turn, func(n int) (time.Duration, error) { return t.run(ctx, n) })
	return t, err
}

func (t *timed) run(ctx context.Context, n int) (time.Duration, error) {
	answer, err := t.child.ask(ctx, strconv.Itoa(n))
	if err != nil {
		return 0, err
	}
	took, err := strconv.ParseInt(answer, 10, 64)
	if err != nil || took < 0 {
		return 0, fmt.Errorf("%d operations took %q ns", n, answer)
	}
	return time.Duration(took), nil
}

func (t *timed) Turn(ctx context.Context) (Sample, error) {
	took, err := t.run(ctx, t.operations)
	if err == nil && took == 0 {
		err = errors.New("the operation takes no time")
	}
	return Sample{Value: float64(took.Nanoseconds()) / float64(t.operations) / t.unit}, err
}

func (t *timed) Stop() error { return t.child.stop() }

// startFresh is the contender whose command writes one sample each time it runs.
func startFresh(command ...string) Contender {
	return fresh(func(ctx context.Context) (_ Sample, err error) {
		child, err := startChild(nil, command...)
		if err != nil {
			return Sample{}, err
		}
		defer func() { err = errors.Join(err, child.stop()) }()
		line, err := child.line(ctx)
		if err != nil {
			return Sample{}, err
		}
		return parseSample(line)
	})
}

func parseSample(line string) (sample Sample, err error) {
	if err := json.Unmarshal([]byte(line), &sample); err != nil {
		return Sample{}, fmt.Errorf("reading a sample: %w", err)
	}
	if !(sample.Value > 0) {
		return Sample{}, fmt.Errorf("impossible value %v", sample.Value)
	}
	return sample, nil
}
