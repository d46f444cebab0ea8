package conformance

// op writes one operation of a family that is drawn by weight, of those that may stand at a place.
func (g *generator) op(at place) Op {
	total := 0
	for _, weight := range g.weights {
		total += weight
	}
	drawn := g.IntN(total)
	for f, weight := range g.weights {
		if drawn -= weight; drawn < 0 {
			return g.opOf(family(f), at)
		}
	}
	panic("unreachable: the weights add up to the total")
}

func (g *generator) opOf(f family, at place) Op {
	switch f {
	case futures:
		return g.futureOp()
	case events:
		return Op{Name: pick(g, "event_wait", "event_wait", "event_set", "event_clear"), Target: "e"}
	case locks:
		return g.lockOp(at)
	case conditions:
		return g.conditionOp(at)
	case queues:
		return g.queueOp()
	case barriers:
		return Op{Name: pick(g, "barrier_wait", "barrier_wait", "barrier_wait", "barrier_wait", "barrier_reset", "barrier_abort"), Target: "b"}
	case clock:
		return g.clockOp(at)
	case cancels:
		return g.cancelOp()
	case starts:
		return g.startOp(at)
	case waits:
		return g.waitOp()
	case scopes:
		return g.scopeOp(at)
	}
	return g.plainOp()
}

func (g *generator) futureOp() Op {
	f := pick(g, "f0", "f1")
	switch g.IntN(7) {
	case 0, 1:
		return Op{Name: "set", Target: f, Number: g.value()}
	case 2:
		return Op{Name: "fail", Target: f, Text: g.message()}
	case 3:
		return Op{Name: "cancel_future", Target: f}
	}
	return Op{Name: "wait_future", Target: f}
}

func (g *generator) lockOp(at place) Op {
	l := pick(g, g.lock, g.lock, g.lock, "l", "s", "k", "c")
	switch g.IntN(8) {
	case 0:
		return Op{Name: "acquire", Target: l}
	case 1:
		return Op{Name: "release", Target: l}
	}
	return Op{Name: "with", Target: l, Body: g.body(at)}
}

func (g *generator) conditionOp(at place) Op {
	switch g.IntN(10) {
	case 0:
		return Op{Name: "cond_wait", Target: "c"}
	case 1:
		return Op{Name: "notify", Target: "c", Number: g.IntN(4)}
	case 2:
		return Op{Name: "with", Target: "c", Body: g.body(at)}
	case 3, 4, 5:
		notified := []Op{{Name: "notify", Target: "c", Number: 1 + g.IntN(3)}}
		return Op{Name: "with", Target: "c", Body: append(notified, g.body(at)...)}
	}
	waiting := []Op{{Name: "cond_wait", Target: "c"}}
	if g.chance(30) && at.depth < g.maxDepth {
		waiting = []Op{g.tryOp(at.inside(), waiting)}
	}
	if g.chance(40) {
		waiting = append(waiting, g.body(at)...)
	}
	return Op{Name: "with", Target: "c", Body: waiting}
}

func (g *generator) queueOp() Op {
	switch g.IntN(16) {
	case 0, 1, 2, 7:
		return Op{Name: "put", Target: "q", Number: g.value()}
	case 3, 4, 5, 6:
		return Op{Name: "get", Target: "q"}
	case 8, 9:
		return Op{Name: "put_nowait", Target: "q", Number: g.value()}
	case 10:
		return Op{Name: "get_nowait", Target: "q"}
	case 11, 12:
		return Op{Name: "task_done", Target: "q"}
	case 13, 14:
		return Op{Name: "join", Target: "q"}
	}
	return Op{Name: "shutdown", Target: "q", Immediate: g.chance(50)}
}

func (g *generator) clockOp(at place) Op {
	switch g.IntN(6) {
	case 0:
		return Op{Name: "call_soon", Text: g.word()}
	case 1:
		return Op{Name: "call_later", Number: g.time(), Text: g.word()}
	case 2:
		return g.timeoutOp(at)
	}
	return Op{Name: "sleep", Number: g.time()}
}

func (g *generator) cancelOp() Op {
	if g.chance(10) {
		return Op{Name: "cancel_future", Target: pick(g, "f0", "f1")}
	}
	return Op{Name: "cancel", Target: g.task()}
}

func (g *generator) startOp(at place) Op {
	switch g.IntN(4) {
	case 0:
		return Op{Name: "gather", Names: g.starts(3)}
	case 1:
		return g.groupOp(at)
	}
	if name, ok := g.start(); ok {
		return Op{Name: "spawn", Target: name}
	}
	return g.cancelOp()
}

func (g *generator) waitOp() Op {
	switch g.IntN(5) {
	case 0:
		op := Op{Name: "wait", Names: g.tasks(), When: pick(g, FirstCompleted, FirstException, AllCompleted)}
		if op.Unlimited = g.chance(40); !op.Unlimited {
			op.Number = g.time()
		}
		return op
	case 1:
		return Op{Name: "as_completed", Names: g.tasks()}
	}
	return Op{Name: "await", Target: g.task()}
}

func (g *generator) scopeOp(at place) Op {
	switch g.IntN(5) {
	case 0:
		return g.timeoutOp(at)
	case 1:
		return g.groupOp(at)
	}
	return g.tryOp(at, g.body(at))
}

func (g *generator) groupOp(at place) Op {
	op := Op{Name: "group", Names: g.starts(3)}
	for _, name := range op.Names {
		g.grouped[name] = true
	}
	op.Body = g.body(place{scoped: true, depth: at.depth})
	return op
}

func (g *generator) timeoutOp(at place) Op {
	return Op{Name: "timeout", Number: g.time(), Body: g.body(place{scoped: true, depth: at.depth})}
}

func (g *generator) tryOp(at place, body []Op) Op {
	op := Op{Name: "try", Body: body}
	if g.chance(30) {
		op.Body = append(op.Body, Op{Name: "raise", Text: g.message()})
	}
	if g.chance(70) {
		op.Handlers.Error = g.body(at)
	}
	if !at.scoped && g.chance(60) {
		op.Handlers.Cancel = g.body(at)
	}
	switch {
	case g.chance(40):
		op.Handlers.Finally = g.body(at)
	case g.chance(30):
		// A group that is entered after a cancel was delivered; what it made of that shows at the next await.
		next := append([]Op{{Name: "sleep", Number: g.IntN(2)}}, g.body(at)...)
		grouped := Op{Name: "try", Body: []Op{g.groupOp(at)}, Handlers: Handlers{Error: next}}
		op.Handlers.Finally = []Op{grouped}
	}
	return op
}

func (g *generator) plainOp() Op {
	switch g.IntN(8) {
	case 0:
		return Op{Name: "raise", Text: g.message()}
	case 1:
		return Op{Name: "done", Target: g.task()}
	case 2, 3, 4:
		return Op{Name: "log", Text: g.word()}
	}
	return Op{Name: "sleep", Number: g.IntN(2)}
}

func (at place) inside() place { return place{scoped: at.scoped, depth: at.depth + 1} }

// body writes the operations inside another that stands at a place.
func (g *generator) body(at place) []Op {
	ops := []Op{}
	if at.depth >= g.maxDepth {
		if g.chance(60) {
			ops = append(ops, g.plainOp())
		}
		return ops
	}
	for range g.IntN(4) {
		ops = append(ops, g.op(at.inside()))
	}
	return ops
}
