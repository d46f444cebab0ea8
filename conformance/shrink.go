package conformance

import (
	"fmt"
	"iter"
	"slices"
)

// Shrink returns a scenario for which fails still holds and that has no part left which could go by itself: as few tasks,
// operations and objects as it finds, with small numbers. It asks fails about valid scenarios only, and returns s itself
// if fails does not hold for s.
func Shrink(s Scenario, fails func(Scenario) bool) Scenario {
	if !fails(s) {
		return s
	}
	for shrunk := true; shrunk; {
		shrunk = false
		for _, reductions := range []func(Scenario) iter.Seq[Scenario]{
			withoutATask, withoutSomeOps, unwrapped, withoutAHandler, withoutAName, withoutAnObject, simplified, renamed,
		} {
			for from, ok := 0, true; ok; {
				// On from where the last one was found: what was tried before it is tried again in the next turn.
				var smaller Scenario
				if smaller, from, ok = firstFailing(reductions(s), from, fails); ok {
					s, shrunk = smaller, true
				}
			}
		}
	}
	return s
}

// firstFailing returns the first candidate from an index on that is valid and fails, and its index.
func firstFailing(candidates iter.Seq[Scenario], from int, fails func(Scenario) bool) (Scenario, int, bool) {
	at := -1
	for candidate := range candidates {
		if at++; at < from {
			continue
		}
		// An edit need not know every rule of the language: what it breaks is left out here.
		valid, err := Parse([]byte(candidate.String()))
		if err == nil && fails(valid) {
			return valid, at, true
		}
	}
	return Scenario{}, 0, false
}

func withoutATask(s Scenario) iter.Seq[Scenario] {
	return func(yield func(Scenario) bool) {
		for i, t := range s.Tasks {
			if t.Name == Main {
				continue
			}
			c := s.clone()
			c.Tasks = slices.Delete(c.Tasks, i, i+1)
			for list := range c.lists() {
				*list = slices.DeleteFunc(*list, func(op Op) bool {
					return op.Target == t.Name && arguments[op.Name][0] == task
				})
				for j := range *list {
					op := &(*list)[j]
					op.Names = slices.DeleteFunc(op.Names, func(name string) bool { return name == t.Name })
				}
			}
			if !yield(c) {
				return
			}
		}
	}
}

// withoutSomeOps leaves out long runs of operations first, then shorter ones.
func withoutSomeOps(s Scenario) iter.Seq[Scenario] {
	return func(yield func(Scenario) bool) {
		longest := 0
		for list := range s.lists() {
			longest = max(longest, len(*list))
		}
		for length := longest; length > 0; length /= 2 {
			at := 0
			for list := range s.lists() {
				for from := 0; from < len(*list); from += length {
					c := s.clone()
					shorter := c.list(at)
					*shorter = slices.Delete(*shorter, from, min(from+length, len(*shorter)))
					if !yield(c) {
						return
					}
				}
				at++
			}
		}
	}
}

// unwrapped puts what is inside an operation in its place.
func unwrapped(s Scenario) iter.Seq[Scenario] {
	return s.edits(func(op Op) [][]Op {
		if op.Body == nil {
			return unwrappedStarts(op)
		}
		inside := [][]Op{op.Body}
		for _, handler := range [][]Op{op.Handlers.Error, op.Handlers.Cancel, op.Handlers.Finally} {
			if len(handler) > 0 {
				inside = append(inside, slices.Concat(op.Body, handler))
			}
		}
		if op.Name == "group" {
			inside = append(inside, slices.Concat(unwrappedStarts(op)[0], op.Body))
		}
		return inside
	})
}

func unwrappedStarts(op Op) [][]Op {
	if op.Name != "gather" && op.Name != "group" {
		return nil
	}
	var spawns []Op
	for _, name := range op.Names {
		spawns = append(spawns, Op{Name: "spawn", Target: name})
	}
	return [][]Op{spawns}
}

func withoutAHandler(s Scenario) iter.Seq[Scenario] {
	return s.edits(func(op Op) [][]Op {
		var fewer [][]Op
		if op.Handlers.Error != nil {
			without := op
			without.Handlers.Error = nil
			fewer = append(fewer, []Op{without})
		}
		if op.Handlers.Cancel != nil {
			without := op
			without.Handlers.Cancel = nil
			fewer = append(fewer, []Op{without})
		}
		if op.Handlers.Finally != nil {
			without := op
			without.Handlers.Finally = nil
			fewer = append(fewer, []Op{without})
		}
		return fewer
	})
}

func withoutAName(s Scenario) iter.Seq[Scenario] {
	return s.edits(func(op Op) [][]Op {
		var fewer [][]Op
		for i := range op.Names {
			without := op
			without.Names = slices.Delete(slices.Clone(op.Names), i, i+1)
			fewer = append(fewer, []Op{without})
		}
		return fewer
	})
}

// withoutAnObject also makes objects smaller.
func withoutAnObject(s Scenario) iter.Seq[Scenario] {
	return func(yield func(Scenario) bool) {
		for i, o := range s.Objects {
			c := s.clone()
			c.Objects = slices.Delete(c.Objects, i, i+1)
			if !yield(c) {
				return
			}
			if o.Kind.HasSize() && o.Size > smallest[o.Kind] {
				c := s.clone()
				c.Objects[i].Size--
				if !yield(c) {
					return
				}
			}
		}
	}
}

func simplified(s Scenario) iter.Seq[Scenario] {
	return s.edits(func(op Op) [][]Op {
		var simpler [][]Op
		for _, number := range []int{0, op.Number / 2, op.Number - 1} {
			if 0 <= number && number < op.Number {
				lower := op
				lower.Number = number
				simpler = append(simpler, []Op{lower})
			}
		}
		if plain := "x"; op.Text != "" && op.Text != plain {
			same := op
			same.Text = plain
			simpler = append(simpler, []Op{same})
		}
		if op.Name == "wait" && !op.Unlimited {
			unlimited := op
			unlimited.Unlimited, unlimited.Number = true, 0
			simpler = append(simpler, []Op{unlimited})
		}
		return simpler
	})
}

// renamed numbers the tasks anew, so that what failed for the same reason looks the same.
func renamed(s Scenario) iter.Seq[Scenario] {
	return func(yield func(Scenario) bool) {
		names := map[string]string{Main: Main}
		changed := false
		for _, t := range s.Tasks {
			if t.Name != Main {
				names[t.Name] = fmt.Sprintf("t%d", len(names)-1)
				changed = changed || names[t.Name] != t.Name
			}
		}
		if !changed {
			return
		}
		c := s.clone()
		for i := range c.Tasks {
			c.Tasks[i].Name = names[c.Tasks[i].Name]
		}
		for op := range c.All() {
			if arguments[op.Name][0] == task {
				op.Target = names[op.Target]
			}
			for i, name := range op.Names {
				op.Names[i] = names[name]
			}
		}
		yield(c)
	}
}

// edits yields s with one operation replaced by what edit makes of it, for every operation and replacement in turn.
func (s Scenario) edits(edit func(Op) [][]Op) iter.Seq[Scenario] {
	return func(yield func(Scenario) bool) {
		at := 0
		for list := range s.lists() {
			for i, op := range *list {
				for _, replacement := range edit(op) {
					c := s.clone()
					edited := c.list(at)
					*edited = slices.Concat((*edited)[:i], cloneOps(replacement), (*edited)[i+1:])
					if !yield(c) {
						return
					}
				}
			}
			at++
		}
	}
}

// lists yields every list of operations, outer ones before those inside them; a clone's stand at the same places.
func (s *Scenario) lists() iter.Seq[*[]Op] {
	return func(yield func(*[]Op) bool) {
		for i := range s.Tasks {
			if !eachList(&s.Tasks[i].Ops, yield) {
				return
			}
		}
	}
}

func eachList(list *[]Op, yield func(*[]Op) bool) bool {
	if !yield(list) {
		return false
	}
	for i := range *list {
		for _, inner := range (*list)[i].lists() {
			if *inner != nil && !eachList(inner, yield) {
				return false
			}
		}
	}
	return true
}

func (s *Scenario) list(at int) *[]Op {
	for list := range s.lists() {
		if at == 0 {
			return list
		}
		at--
	}
	panic("unreachable: a clone has the lists of its original")
}

func (s Scenario) clone() Scenario {
	s.Objects = slices.Clone(s.Objects)
	s.Tasks = slices.Clone(s.Tasks)
	for i := range s.Tasks {
		s.Tasks[i].Ops = cloneOps(s.Tasks[i].Ops)
	}
	return s
}

func cloneOps(ops []Op) []Op {
	ops = slices.Clone(ops)
	for i := range ops {
		ops[i].Names = slices.Clone(ops[i].Names)
		for _, list := range ops[i].lists() {
			*list = cloneOps(*list)
		}
	}
	return ops
}
