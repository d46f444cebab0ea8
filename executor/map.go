package executor

import (
	"context"
	"errors"
	"iter"
	"sync"

	"github.com/goaio/aio"
)

// Map runs the function on each input and ranges over the results in the order
// of the inputs, each with its error: one that failed costs one error and the
// range goes on. A slice is mapped with slices.Values.
//
//	for thumb, err := range Thumb.Map(ctx, pool, slices.Values(paths)) {
//
// Inputs are taken as the range goes on, [LookAhead] bounds how far ahead of
// it. A cancel of ctx ends the range with a [*aio.CancelledError]. Leaving the
// range cancels the calls that are under way and waits for their end.
func (f *Function[In, Out]) Map(ctx context.Context, on Executor, inputs iter.Seq[In], options ...Option) iter.Seq2[Out, error] {
	return func(yield func(Out, error) bool) {
		m := newMapping(ctx, f, on, options)
		defer m.close()
		var line []*Call[Out] // under way or finished, the oldest first
		// first yields the oldest result, waiting for it.
		first := func() bool {
			out, err := line[0].Await(ctx)
			if err != nil && ctx.Err() != nil && aio.IsCancelled(err) {
				yield(out, err)
				return false
			}
			line = line[1:]
			return yield(out, err)
		}
		for in := range inputs {
			prepared := m.prepare(in, nil)
			if err := m.submit(prepared); m.over(err) {
				var zero Out
				yield(zero, err)
				return
			} else if err != nil {
				_ = prepared.handle.SetError(err) // it has its place in the order
			}
			line = append(line, &prepared.handle)
			for len(line) > 0 && (len(line) == m.lookAhead || line[0].Completed()) {
				if !first() {
					return
				}
			}
		}
		for len(line) > 0 {
			if !first() {
				return
			}
		}
	}
}

// Mapped is one result of [Function.MapAsCompleted].
type Mapped[In, Out any] struct {
	Index int // of the input, from 0; -1 when the range ends with an error of its own
	In    In
	Out   Out
}

// MapAsCompleted is Map with the results as they come.
func (f *Function[In, Out]) MapAsCompleted(ctx context.Context, on Executor, inputs iter.Seq[In], options ...Option) iter.Seq2[Mapped[In, Out], error] {
	type entry struct {
		index int
		in    In
		call  *Call[Out]
	}
	return func(yield func(Mapped[In, Out], error) bool) {
		m := newMapping(ctx, f, on, options)
		defer m.close()
		ended := aio.NewQueue[*entry](0)
		underWay := 0
		next := func() bool {
			e, err := ended.Get(ctx)
			if err != nil {
				yield(Mapped[In, Out]{Index: -1}, err)
				return false
			}
			underWay--
			out, err := e.call.Result()
			return yield(Mapped[In, Out]{e.index, e.in, out}, err)
		}
		index := 0
		for in := range inputs {
			e := &entry{index: index, in: in}
			index++
			prepared := m.prepare(in, func() { _ = ended.PutNoWait(e) })
			e.call = &prepared.handle
			if err := m.submit(prepared); m.over(err) {
				yield(Mapped[In, Out]{Index: -1}, err)
				return
			} else if err != nil {
				if !yield(Mapped[In, Out]{Index: e.index, In: in}, err) {
					return
				}
				continue
			}
			underWay++
			for underWay == m.lookAhead || underWay > 0 && !ended.Empty() {
				if !next() {
					return
				}
			}
		}
		for underWay > 0 {
			if !next() {
				return
			}
		}
	}
}

// mapping is one range of a Map.
type mapping[In, Out any] struct {
	ctx       context.Context
	function  *Function[In, Out]
	on        Executor
	options   []Option
	lookAhead int
	calls     context.Context // of the calls, cancelled when the range is left
	cancel    context.CancelFunc
	underWay  tally
}

func newMapping[In, Out any](ctx context.Context, f *Function[In, Out], on Executor, options []Option) *mapping[In, Out] {
	m := &mapping[In, Out]{ctx: ctx, function: f, on: on, options: options}
	if m.lookAhead = settingsOf(options).lookAhead; m.lookAhead == 0 {
		m.lookAhead = 2 * max(on.Workers(), 1)
	}
	m.calls, m.cancel = context.WithCancel(ctx)
	return m
}

// prepare makes a call; ended, which may be nil, is called at its end.
func (m *mapping[In, Out]) prepare(in In, ended func()) *submitted[In, Out] {
	s := &submitted[In, Out]{call: *newCall(m.calls, m.function, in, m.options)}
	s.ended = func() {
		m.underWay.done()
		if ended != nil {
			ended()
		}
	}
	return s
}

func (m *mapping[In, Out]) submit(s *submitted[In, Out]) error {
	m.underWay.add()
	_, err := s.submit(m.calls, m.on)
	if err != nil {
		m.underWay.done()
	}
	return err
}

// over reports whether no input after one that was refused with err can fare
// better.
func (m *mapping[In, Out]) over(err error) bool {
	return err != nil && m.ctx.Err() != nil || errors.Is(err, aio.ErrShutdown) || errors.Is(err, aio.ErrBroken)
}

// close cancels what is under way and waits for its end.
func (m *mapping[In, Out]) close() {
	m.cancel()
	m.underWay.wait(m.ctx)
}

// tally counts calls that have not ended.
type tally struct {
	mu    sync.Mutex
	n     int
	empty *aio.Future[struct{}]
}

func (t *tally) add() {
	t.mu.Lock()
	t.n++
	t.mu.Unlock()
}

func (t *tally) done() {
	t.mu.Lock()
	t.n--
	empty := t.empty
	last := t.n == 0
	t.mu.Unlock()
	if last && empty != nil {
		_ = empty.SetResult(struct{}{})
	}
}

// wait waits until there is none, also with a ctx that is cancelled. Nothing is
// added from then on.
func (t *tally) wait(ctx context.Context) {
	t.mu.Lock()
	if t.n == 0 {
		t.mu.Unlock()
		return
	}
	t.empty = aio.NewFuture[struct{}]()
	t.mu.Unlock()
	_ = aio.Cleanup(context.WithoutCancel(ctx), longestGrace, func(ctx context.Context) error {
		_, err := t.empty.Await(ctx)
		return err
	})
}
