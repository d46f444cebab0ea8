package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"time"
)

// turnDeadline bounds a start and a turn; a peer that hangs must not hang the run.
const turnDeadline = 2 * time.Minute

// A lap is one turn of every subject of a case, right after each other.
type lap struct {
	round   int
	samples map[string]Sample // by subject
}

// A schedule says how often everything is measured, and in which order.
type schedule struct {
	rounds, laps int
	turn         time.Duration // instead of the cases' own; zero keeps those
	seed         uint64
}

// collect runs the suite's rounds and returns a figure for each case and subject, ordered by case, then subject.
//
// A round starts the subjects of a case afresh, so that the luck of one process, with its heap and its place in memory, does
// not decide. In its laps they take turns, in random order: who comes after whom is nobody's advantage.
func collect(ctx context.Context, suite Suite, s schedule, progress io.Writer) ([]Figure, error) {
	order := rand.New(rand.NewPCG(s.seed, 0))
	laps := map[string][]lap{}
	finished := map[string][]lap{}
	for i := range s.rounds {
		for _, c := range suite.Cases {
			r := round{number: i, c: c, laps: 1, order: order}
			if c.Turn > 0 {
				r.laps = s.laps
				if s.turn > 0 {
					r.c.Turn = s.turn
				}
			}
			fmt.Fprintf(progress, "bench: round %d of %d: %s\n", i+1, s.rounds, c.Name)
			if err := r.run(ctx, suite.Subjects); err != nil {
				return nil, fmt.Errorf("%s, %w", c.Name, err)
			}
			laps[c.Name] = append(laps[c.Name], r.found...)
			finished[c.Name] = append(finished[c.Name], r.finished)
		}
	}
	var figures []Figure
	for _, c := range suite.Cases {
		for _, subject := range suite.Subjects {
			if _, has := laps[c.Name][0].samples[subject.Name]; has {
				figures = append(figures, newFigure(suite.Name, c, subject.Name, laps[c.Name], finished[c.Name]))
			}
		}
	}
	return figures, nil
}

// A round is one of a case.
type round struct {
	number, laps int
	c            Case
	order        *rand.Rand
	contenders   []named
	found        []lap
	finished     lap // what the finishers found
}

type named struct {
	name string
	Contender
}

// run starts the subjects that have the case, has them take turns, and stops them.
func (r *round) run(ctx context.Context, subjects []Subject) (err error) {
	defer func() {
		for _, contender := range r.contenders {
			if stopped := contender.Stop(); stopped != nil {
				err = errors.Join(err, fmt.Errorf("%s: %w", contender.name, stopped))
			}
		}
	}()
	for _, i := range r.order.Perm(len(subjects)) {
		err := within(ctx, func(ctx context.Context) error {
			contender, err := subjects[i].Start(ctx, r.c)
			if contender != nil {
				r.contenders = append(r.contenders, named{subjects[i].Name, contender})
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("%s: %w", subjects[i].Name, err)
		}
	}
	for range r.laps {
		if err := r.lap(ctx); err != nil {
			return err
		}
	}
	r.finished = lap{round: r.number, samples: map[string]Sample{}}
	for _, contender := range r.contenders {
		if f, ok := contender.Contender.(finisher); ok {
			err := within(ctx, func(ctx context.Context) (err error) {
				r.finished.samples[contender.name], err = f.Finish(ctx)
				return err
			})
			if err != nil {
				return fmt.Errorf("%s: %w", contender.name, err)
			}
		}
	}
	return nil
}

func (r *round) lap(ctx context.Context) error {
	samples := map[string]Sample{}
	for _, i := range r.order.Perm(len(r.contenders)) {
		contender := r.contenders[i]
		err := within(ctx, func(ctx context.Context) error {
			sample, err := contender.Turn(ctx)
			if err == nil && (math.IsNaN(sample.Value) || math.IsInf(sample.Value, 0)) {
				err = fmt.Errorf("impossible value %v", sample.Value)
			}
			samples[contender.name] = sample
			return err
		})
		if err != nil {
			return fmt.Errorf("%s: %w", contender.name, err)
		}
	}
	r.found = append(r.found, lap{r.number, samples})
	return nil
}

func within(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, turnDeadline, fmt.Errorf("not done after %v", turnDeadline))
	defer cancel()
	return do(ctx)
}
