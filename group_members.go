package aio

import "github.com/goaio/aio/loop"

// members are the live tasks of a group, in the order in which they were
// started. A task that ended leaves a hole, so that leaving costs nothing;
// holes are closed when they are the greater part.
type members struct {
	order []*loop.Task
	index map[*loop.Task]int
}

func (m *members) len() int { return len(m.index) }

func (m *members) add(t *loop.Task) {
	if m.index == nil {
		m.index = map[*loop.Task]int{}
	}
	m.index[t] = len(m.order)
	m.order = append(m.order, t)
}

func (m *members) remove(t *loop.Task) {
	i, ok := m.index[t]
	if !ok {
		return
	}
	delete(m.index, t)
	m.order[i] = nil
	if len(m.order) > 32 && len(m.index) < len(m.order)/2 {
		m.order = m.all()
		for i, t := range m.order {
			m.index[t] = i
		}
	}
}

func (m *members) all() []*loop.Task {
	all := make([]*loop.Task, 0, len(m.index))
	for _, t := range m.order {
		if t != nil {
			all = append(all, t)
		}
	}
	return all
}
