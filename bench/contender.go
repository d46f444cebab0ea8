package main

import "context"

// A Contender is a subject at a case: it lives through a round and takes a turn in every lap of it.
// Between its turns it is idle, so that it takes nothing from the one whose turn it is.
type Contender interface {
	// Turn measures once. When the context ends before the turn does, the contender is of no more use.
	Turn(context.Context) (Sample, error)
	// Stop leaves nothing running. It is called once, whatever failed before.
	Stop() error
}

// A finisher measures once more after the laps of a round: what the table tells besides, and is held against no other subject.
// The sample's value counts for nothing.
type finisher interface {
	Finish(context.Context) (Sample, error)
}

// A Sample is what one turn found.
type Sample struct {
	Value float64 `json:"value"`
	Note  string  `json:"note,omitempty"`
	Load  Load    `json:"load,omitzero"`
}

// fresh is a contender whose turn has a process of its own, in which nothing lives on.
type fresh func(context.Context) (Sample, error)

func (f fresh) Turn(ctx context.Context) (Sample, error) { return f(ctx) }
func (f fresh) Stop() error                              { return nil }
