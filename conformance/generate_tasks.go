package conformance

import "slices"

// taskOps writes what a task other than main does.
func (g *generator) taskOps() []Op {
	stubborn, failing := 10, 8
	if g.grouped[g.self] {
		stubborn, failing = 45, 20
	}
	if g.chance(stubborn) {
		return []Op{g.stubbornOp()}
	}
	ops := []Op{}
	if g.chance(35) {
		ops = append(ops, g.meetingOp())
	}
	for range 1 + g.IntN(g.maxOps) {
		ops = append(ops, g.op(place{top: true}))
	}
	switch {
	case g.chance(failing):
		ops = append(ops, Op{Name: "raise", Text: g.message()})
	case g.chance(40):
		ops = append(ops, Op{Name: "return", Number: g.value()})
	}
	return ops
}

// meetingOp writes what several tasks wait for at once, so that one of them can be cancelled and another woken.
func (g *generator) meetingOp() Op {
	switch g.focus {
	case futures:
		return Op{Name: "wait_future", Target: "f0"}
	case events:
		return Op{Name: "event_wait", Target: "e"}
	case locks:
		return Op{Name: "with", Target: g.lock, Body: g.body(place{depth: 1})}
	case conditions:
		return Op{Name: "with", Target: "c", Body: append([]Op{{Name: "cond_wait", Target: "c"}}, g.body(place{depth: 1})...)}
	case queues:
		return pick(g, Op{Name: "get", Target: "q"}, Op{Name: "get", Target: "q"}, Op{Name: "put", Target: "q", Number: g.value()})
	}
	return Op{Name: "barrier_wait", Target: "b"}
}

// stubbornOp writes what a cancel does not end at once: it fails instead, or takes its time, so that a second cancel, or
// one that should not come, is seen.
func (g *generator) stubbornOp() Op {
	op := Op{Name: "try", Body: append(g.body(place{}), Op{Name: "sleep", Number: 1 + g.time()})}
	last := []Op{{Name: "sleep", Number: g.time()}, {Name: "log", Text: g.word()}}
	if g.chance(50) {
		last[1] = Op{Name: "raise", Text: g.message()}
	}
	if g.chance(30) {
		last = last[1:]
	}
	if g.chance(30) {
		op.Handlers.Cancel = last
	} else {
		op.Handlers.Finally = last
	}
	return op
}

// mainOps writes what main does: it starts tasks, lets them get somewhere, and then does several things to them in one
// step, more than once.
func (g *generator) mainOps() []Op {
	var ops []Op
	for round := range 1 + g.IntN(4) {
		if g.chance(5) {
			ops = append(ops, Op{Name: "gather", Names: g.starts(3)})
		}
		// Most start at the beginning: to name a task that has not been started is misuse, and ends who does it.
		g.starting = round == 0
		for range 1 + g.IntN(4-min(round, 2)) {
			if name, ok := g.start(); ok {
				ops = append(ops, Op{Name: "spawn", Target: name})
			}
		}
		g.starting = false
		ops = append(ops, g.pause()...)
		ops = append(ops, g.burst()...)
		if g.chance(30) {
			ops = append(ops, g.guarded())
		}
		ops = append(ops, g.pause()...)
	}
	return append(ops, g.end()...)
}

// pause lets others run: a number of rounds, or an amount of time.
func (g *generator) pause() []Op {
	switch g.IntN(4) {
	case 0:
		return nil
	case 1:
		return []Op{{Name: "sleep", Number: g.time()}}
	}
	ops := make([]Op, 1+g.IntN(4))
	for i := range ops {
		ops[i] = Op{Name: "sleep"}
	}
	return ops
}

// burst does several things to one object, and cancels those who may be waiting for it, all in one step.
func (g *generator) burst() []Op {
	f := g.focus
	if g.chance(40) {
		f = family(g.IntN(int(barriers) + 1))
	}
	l := pick(g, g.lock, "l", "s", "s", "k", "c")
	var ops []Op
	for range 1 + g.IntN(5) {
		switch {
		case g.chance(30):
			ops = append(ops, g.cancelOp())
		case f == locks:
			ops = append(ops, g.lockWake(l))
		default:
			ops = append(ops, g.wake(f))
		}
	}
	return ops
}

// wake writes an operation that can wake another task.
func (g *generator) wake(f family) Op {
	switch f {
	case futures:
		return pick(g,
			Op{Name: "set", Target: "f0", Number: g.value()},
			Op{Name: "set", Target: "f1", Number: g.value()},
			Op{Name: "fail", Target: "f0", Text: g.message()},
			Op{Name: "cancel_future", Target: "f1"})
	case events:
		return Op{Name: pick(g, "event_set", "event_set", "event_clear"), Target: "e"}
	case conditions:
		if g.chance(30) {
			return Op{Name: "notify", Target: "c", Number: g.IntN(4)}
		}
		// While the lock is held, those notified wait for it: a cancel finds them there.
		ops := []Op{{Name: "notify", Target: "c", Number: 1 + g.IntN(2)}, {Name: "notify", Target: "c", Number: 1 + g.IntN(3)}}
		return g.limited(Op{Name: "with", Target: "c", Body: slices.Concat(
			ops[g.IntN(2):], g.pause(), []Op{g.cancelOp()}, g.pause())})
	case queues:
		return pick(g,
			Op{Name: "put_nowait", Target: "q", Number: g.value()},
			Op{Name: "put_nowait", Target: "q", Number: g.value()},
			Op{Name: "get_nowait", Target: "q"},
			Op{Name: "task_done", Target: "q"},
			Op{Name: "shutdown", Target: "q", Immediate: g.chance(50)})
	}
	return g.limited(Op{Name: pick(g, "barrier_wait", "barrier_wait", "barrier_abort", "barrier_reset"), Target: "b"})
}

// lockWake lets a waiter have what is locked, or takes it before the waiter is there.
func (g *generator) lockWake(l string) Op {
	switch {
	case g.chance(30):
		return g.limited(Op{Name: "acquire", Target: l})
	case (l == "l" || l == "c") && g.chance(60):
		// A release by who does not hold it makes the holder's own one misuse: not too often.
		return g.limited(Op{Name: "with", Target: l, Body: []Op{g.cancelOp()}})
	}
	return Op{Name: "release", Target: l}
}

// guarded writes an operation of any kind that cannot end main.
func (g *generator) guarded() Op {
	return g.limited(g.op(place{scoped: true, depth: 1}))
}

// limited gives what may suspend a deadline, so that main goes on.
func (g *generator) limited(op Op) Op {
	within := Op{Name: "timeout", Number: g.time(), Body: []Op{op}}
	return Op{Name: "try", Body: []Op{within}, Handlers: Handlers{Error: []Op{}}}
}

// end writes how main comes to its end.
func (g *generator) end() []Op {
	everyone := append([]string{}, g.known...)
	switch g.IntN(16) {
	case 0:
		return nil
	case 1:
		return []Op{{Name: "sleep", Number: g.time()}, {Name: "return", Number: g.value()}}
	case 2:
		return []Op{{Name: pick(g, "wait_future", "cancel_future"), Target: "f0"}}
	case 3:
		return []Op{{Name: "wait", Names: everyone, When: AllCompleted, Unlimited: true}}
	case 4:
		return []Op{{Name: "wait", Names: everyone, When: pick(g, FirstCompleted, FirstException), Number: 20}}
	case 5:
		return []Op{{Name: "as_completed", Names: everyone}}
	}
	return []Op{{Name: "wait", Names: everyone, When: AllCompleted, Number: 20}}
}
