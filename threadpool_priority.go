package aio

import (
	"context"
	"slices"
)

// WithPriority returns the pool as an executor whose jobs start before those of a lower priority, in order of arrival
// among equals. Jobs that are submitted to the pool itself have priority 0. Submitters that wait for a place are served
// in order of arrival, whatever their priority.
func (p *ThreadPool) WithPriority(priority int) Executor {
	if priority == 0 {
		return p
	}
	return &prioritisedPool{p, priority}
}

type prioritisedPool struct {
	*ThreadPool
	priority int
}

func (p *prioritisedPool) SubmitNoWait(job Job) error { return p.submitNoWait(job, p.priority) }

func (p *prioritisedPool) Submit(ctx context.Context, job Job) error {
	return p.submit(ctx, job, p.priority)
}

// threadPoolOf returns the pool behind an executor, nil if it is of another kind, and the priority of its jobs.
func threadPoolOf(executor Executor) (pool *ThreadPool, priority int) {
	switch p := executor.(type) {
	case *ThreadPool:
		return p, 0
	case *prioritisedPool:
		return p.ThreadPool, p.priority
	}
	return nil, 0
}

// poolLevels are the jobs that wait, by priority.
type poolLevels struct {
	plain  poolQueue    // those of priority 0
	others []*poolLevel // the highest first; none is empty
	n      int          // all of them
}

type poolLevel struct {
	poolQueue
	priority int
}

func (l *poolLevels) push(job Job, priority int) {
	l.n++
	if priority == 0 {
		l.plain.push(job)
		return
	}
	i, found := slices.BinarySearchFunc(l.others, priority, func(level *poolLevel, priority int) int {
		return priority - level.priority
	})
	if !found {
		l.others = slices.Insert(l.others, i, &poolLevel{priority: priority})
	}
	l.others[i].push(job)
}

// pop removes the job that is to start next. There must be one.
func (l *poolLevels) pop() Job {
	l.n--
	if len(l.others) == 0 {
		return l.plain.pop()
	}
	first := l.others[0]
	if first.priority < 0 && l.plain.n > 0 {
		return l.plain.pop()
	}
	job := first.pop()
	if first.n == 0 {
		l.others = slices.Delete(l.others, 0, 1)
	}
	return job
}
