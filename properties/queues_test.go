package properties

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/goaio/aio"
)

// item is the n-th of a producer.
type item struct{ producer, n int }

// model is what a queue should hold, and checks what comes out.
type model struct {
	t       *reporter
	queue   *aio.Queue[item]
	maxsize int
	next    func(held []item) item // nil where the order is not checked
	held    []item
	put     int
	got     int
}

func (m *model) added(i item) {
	m.held = append(m.held, i)
	m.put++
	m.bounded()
}

func (m *model) removed(i item) {
	at := slices.Index(m.held, i)
	if at < 0 {
		m.t.Errorf("%v came out, and is not in the queue: %v", i, m.held)
		return
	}
	if want := m.next(m.held); want != i {
		m.t.Errorf("%v came out before %v", i, want)
	}
	m.held = slices.Delete(m.held, at, at+1)
	m.got++
	m.bounded()
}

func (m *model) bounded() {
	if n := m.queue.Len(); n != len(m.held) || m.maxsize > 0 && n > m.maxsize {
		m.t.Errorf("%d items, should be %d of at most %d", n, len(m.held), m.maxsize)
	}
}

func (m *model) use(ctx context.Context, worker, n int, s step) error {
	i := item{worker, n}
	return s.within(ctx, func(ctx context.Context) error {
		switch s.choice {
		case 0, 1:
			err := m.queue.Put(ctx, i)
			if err == nil {
				m.added(i)
			}
			return err
		case 2:
			if m.queue.PutNoWait(i) == nil {
				m.added(i)
			}
			return nil
		case 3:
			if got, err := m.queue.GetNoWait(); err == nil {
				m.removed(got)
			}
			return nil
		}
		got, err := m.queue.Get(ctx)
		if err == nil {
			m.removed(got)
		}
		return err
	})
}

func checkQueue(t *testing.T, make func(maxsize int) *aio.Queue[item], next func(held []item) item) {
	check(t, func(ctx context.Context, t *reporter, p program) {
		m := &model{t: t, maxsize: int(p.seed % 4), next: next}
		m.queue = make(m.maxsize)
		shutdown := p.seed%5 == 0
		closer := aio.Go(ctx, func(ctx context.Context) error {
			// Late at least, so that who waits for ever is let go.
			if err := pause(ctx, int(p.seed%3)+map[bool]int{true: 1, false: 100}[shutdown]); err != nil {
				return err
			}
			m.queue.Shutdown(false)
			return nil
		})
		counts := map[int]int{}
		p.run(ctx, func(ctx context.Context, worker int, s step) error {
			counts[worker]++
			err := m.use(ctx, worker, counts[worker], s)
			if errors.Is(err, aio.ErrQueueShutdown) && !shutdown && len(m.held) > 0 && s.choice > 3 {
				t.Errorf("a consumer waited although there were items: %v", m.held)
			}
			return err
		})
		_, _ = closer.Await(ctx)
		for {
			left, err := m.queue.GetNoWait()
			if err != nil {
				break
			}
			m.removed(left)
		}
		if len(m.held) != 0 || m.put != m.got {
			t.Errorf("%d items went in and %d came out; lost: %v", m.put, m.got, m.held)
		}
	})
}

func TestQueue(t *testing.T) {
	checkQueue(t, aio.NewQueue[item], func(held []item) item { return held[0] })
}

func TestLIFOQueue(t *testing.T) {
	checkQueue(t, aio.NewLIFOQueue[item], func(held []item) item { return held[len(held)-1] })
}

func TestPriorityQueue(t *testing.T) {
	less := func(a, b item) bool { return a.n < b.n }
	checkQueue(t, func(maxsize int) *aio.Queue[item] { return aio.NewPriorityQueue(maxsize, less) },
		func(held []item) item {
			first := held[0]
			for _, i := range held[1:] {
				if less(i, first) {
					first = i
				}
			}
			return first
		})
}
