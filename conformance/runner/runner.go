// Package runner runs scenarios on this project's loop, under virtual time.
package runner

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/conformance"
	"github.com/goaio/aio/loop"
)

// run is one scenario, from its first round to the end of its trace.
type run struct {
	scenario *conformance.Scenario
	loop     *loop.Loop
	start    time.Time
	objects  map[string]any
	tasks    map[string]*aio.Task[string]
	trace    conformance.Trace
	over     bool
}

// Run returns the trace of a scenario.
func Run(s *conformance.Scenario) (conformance.Trace, error) {
	l, err := loop.New(loop.Options{Driver: "simulated", ExceptionHandler: func(*loop.Loop, loop.Exception) {}})
	if err != nil {
		return nil, err
	}
	r := &run{
		scenario: s,
		loop:     l,
		start:    l.Now(),
		objects:  make(map[string]any, len(s.Objects)),
		tasks:    make(map[string]*aio.Task[string], len(s.Tasks)),
		trace:    conformance.Trace{},
	}
	for _, o := range s.Objects {
		r.objects[o.Name] = newObject(o)
	}
	err = r.turn()
	var deadlock *loop.DeadlockError
	if errors.As(err, &deadlock) {
		r.log(conformance.Loop, "deadlock")
		err = nil
	}
	r.over = true
	var abandoned *loop.AbandonedError
	if closed := l.Close(); closed != nil && !errors.As(closed, &abandoned) {
		err = errors.Join(err, closed)
	}
	return r.trace, err
}

func (r *run) turn() error {
	if _, err := r.spawn(loop.Carry(context.Background(), r.loop, nil), conformance.Main); err != nil {
		return err
	}
	if err := r.loop.RunForever(); err != nil {
		return err
	}
	return r.loop.Shutdown(nil, nil)
}

func (r *run) log(who, text string) {
	if !r.over {
		ms := int(r.loop.Now().Sub(r.start) / time.Millisecond)
		r.trace = append(r.trace, conformance.Line{Millisecond: ms, Who: who, Text: text})
	}
}

// spawn starts a task with the context that says to whom it belongs.
func (r *run) spawn(ctx context.Context, name string) (*aio.Task[string], error) {
	if r.tasks[name] != nil {
		return nil, errMisuse
	}
	b := &body{run: r, name: name}
	t := aio.Async(ctx, b.main, aio.Name(name))
	r.tasks[name] = t
	return t, nil
}

func (r *run) spawned(names []string) ([]*aio.Task[string], error) {
	tasks := make([]*aio.Task[string], len(names))
	for i, name := range names {
		if tasks[i] = r.tasks[name]; tasks[i] == nil {
			return nil, errMisuse
		}
	}
	return tasks, nil
}

// body is what one task does.
type body struct {
	run      *run
	name     string
	returned *int
}

func (b *body) main(ctx context.Context) (string, error) {
	ops, _ := b.run.scenario.Task(b.name)
	err := b.ops(ctx, ops)
	if b.name == conformance.Main {
		b.run.loop.Stop()
	}
	if err != nil {
		b.log("ends " + nameOf(err))
		return "", err
	}
	value := "None"
	if b.returned != nil {
		value = strconv.Itoa(*b.returned)
	}
	b.log("returns " + value)
	return value, nil
}

func (b *body) log(text string) { b.run.log(b.name, text) }

// ops runs operations until one fails. A cancel is an event in the scenarios
// and a state here, so what was delivered is taken back before each.
func (b *body) ops(ctx context.Context, ops []conformance.Op) error {
	for i := range ops {
		op := &ops[i]
		if op.Name == "return" {
			b.returned = &op.Number
			return nil
		}
		loop.TakeBack(ctx)
		if err := operations[op.Name](b, ctx, op); err != nil {
			return err
		}
	}
	return nil
}
