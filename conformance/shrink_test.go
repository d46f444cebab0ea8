package conformance

import (
	"testing"
)

// has returns a predicate: an operation of each name stands somewhere.
func has(names ...string) func(Scenario) bool {
	return func(s Scenario) bool {
		for _, name := range names {
			found := false
			for op := range s.All() {
				found = found || op.Name == name
			}
			if !found {
				return false
			}
		}
		return true
	}
}

// some returns the first generated scenario that fails.
func some(t *testing.T, fails func(Scenario) bool) Scenario {
	t.Helper()
	for seed := range uint64(10_000) {
		if s := Generate(seed); s.Len() > 40 && fails(s) {
			return s
		}
	}
	t.Fatal("there is none")
	return Scenario{}
}

func TestShrinkLeavesWhatFails(t *testing.T) {
	for _, c := range []struct {
		fails func(Scenario) bool
		want  string
	}{
		{has("cond_wait"), `{"name": "n", "objects": {"c": ["condition"]}, "tasks": {"main": [["cond_wait", "c"]]}}`},
		{has("call_later"), `{"name": "n", "objects": {}, "tasks": {"main": [["call_later", 0, "x"]]}}`},
		{
			func(s Scenario) bool {
				for op := range s.All() {
					if op.Name == "try" && op.Handlers.Finally != nil {
						return true
					}
				}
				return false
			},
			`{"name": "n", "objects": {}, "tasks": {"main": [["try", [], {"finally": []}]]}}`,
		},
		{
			func(s Scenario) bool {
				o, ok := s.Object("b")
				for op := range s.All() {
					if op.Name == "put" && op.Number >= 3 {
						return ok && o.Size >= 2
					}
				}
				return false
			},
			`{"name": "n", "objects": {"q": ["queue", 0], "b": ["barrier", 2]}, "tasks": {"main": [["put", "q", 3]]}}`,
		},
	} {
		got := Shrink(some(t, c.fails), c.fails)
		if !c.fails(got) {
			t.Errorf("%s does not fail", got)
		}
		// Which task keeps the operation, and which kind of queue it was, is the seed's.
		want, err := Parse([]byte(c.want))
		if err != nil {
			t.Fatal(err)
		}
		if got.Len() != want.Len() || len(got.Objects) != len(want.Objects) || len(got.Tasks) > 2 {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func TestShrinkKeepsEveryOpOfATogetherFailingSet(t *testing.T) {
	fails := has("gather", "notify", "barrier_wait")
	if got := Shrink(some(t, fails), fails); got.Len() > 5 || !fails(got) {
		t.Errorf("%d operations are left: %s", got.Len(), got)
	}
}

func TestShrinkMakesTheSameOfWhatFailsForOneReason(t *testing.T) {
	awaitsItself := func(s Scenario) bool {
		for _, task := range s.Tasks {
			for _, op := range task.Ops {
				if task.Name != Main && op.Name == "await" && op.Target == task.Name {
					return true
				}
			}
		}
		return false
	}
	const want = `{"name": "n", "objects": {}, "tasks": {"main": [], "t0": [["await", "t0"]]}}`
	for _, input := range []string{
		`{"name": "n", "objects": {}, "tasks": {"main": [["spawn", "a"]], "t0": [["log", "y"]], "a": [["await", "a"]]}}`,
		`{"name": "n", "objects": {"l": ["lock"]}, "tasks": {"main": [], "t0": [["await", "t0"], ["with", "l", []]], "t1": []}}`,
	} {
		s, err := Parse([]byte(input))
		if err != nil {
			t.Fatal(err)
		}
		if got := Shrink(s, awaitsItself).String(); got != want {
			t.Errorf("got %s", got)
		}
	}
}

func TestShrinkReturnsWhatDoesNotFail(t *testing.T) {
	s := Generate(1)
	if got := Shrink(s, func(Scenario) bool { return false }); got.String() != s.String() {
		t.Errorf("%s became %s", s, got)
	}
}

func TestShrinkAsksAboutValidScenariosOnlyAndLeavesItsArgumentAlone(t *testing.T) {
	s := Generate(7)
	before := s.String()
	Shrink(s, func(c Scenario) bool {
		if _, err := Parse([]byte(c.String())); err != nil {
			t.Errorf("%s: %v", c, err)
		}
		return c.Len() > 3
	})
	if s.String() != before {
		t.Errorf("%s became %s", before, s)
	}
}
