package conformance

import (
	"os"
	"reflect"
	"strings"
	"testing"
)

// with returns a scenario of every kind of object and two tasks, whose main does what is given.
func with(ops string) string {
	return `{"name": "n", "objects": {"f": ["future"], "e": ["event"], "l": ["lock"], "s": ["semaphore", 0],
		"k": ["bounded", 1], "q": ["queue", 0], "i": ["lifo", 2], "p": ["priority", 1], "c": ["condition"], "b": ["barrier", 1]},
		"tasks": {"main": [` + ops + `], "t": []}}`
}

func TestParseReadsEveryOperation(t *testing.T) {
	want := []Op{
		{Name: "log", Text: "x"},
		{Name: "spawn", Target: "t"},
		{Name: "set", Target: "f", Number: -3},
		{Name: "shutdown", Target: "q", Immediate: true},
		{Name: "notify", Target: "c", Number: 2},
		{Name: "call_later", Number: 5, Text: "y"},
		{Name: "release", Target: "c"},
		{Name: "with", Target: "s", Body: []Op{{Name: "sleep"}}},
		{Name: "gather", Names: []string{}},
		{Name: "wait", Names: []string{"t", "t"}, When: FirstCompleted, Unlimited: true},
		{Name: "wait", Names: []string{"t"}, When: AllCompleted, Number: 4},
		{Name: "group", Names: []string{"t"}, Body: []Op{}},
		{Name: "try", Body: []Op{{Name: "raise", Text: "boom"}}, Handlers: Handlers{
			Error: []Op{}, Cancel: []Op{{Name: "log", Text: "c"}},
		}},
		{Name: "return", Number: 7},
	}
	s, err := Parse([]byte(with(`["log", "x"], ["spawn", "t"], ["set", "f", -3], ["shutdown", "q", true], ["notify", "c", 2],
		["call_later", 5, "y"], ["release", "c"], ["with", "s", [["sleep", 0]]], ["gather", []],
		["wait", ["t", "t"], "FIRST_COMPLETED", null], ["wait", ["t"], "ALL_COMPLETED", 4], ["group", ["t"], []],
		["try", [["raise", "boom"]], {"error": [], "cancel": [["log", "c"]]}], ["return", 7]`)))
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := s.Task(Main); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	if o, ok := s.Object("i"); !ok || o != (Object{Name: "i", Kind: LIFOQueue, Size: 2}) {
		t.Errorf("object i: %+v, %v", o, ok)
	}
	if s.Len() != 17 {
		t.Errorf("%d operations", s.Len())
	}
}

func TestParseRefuses(t *testing.T) {
	objects := func(objects string) string {
		return `{"name": "n", "objects": {` + objects + `}, "tasks": {"main": []}}`
	}
	for _, c := range []struct{ input, reason string }{
		{``, "not JSON"},
		{`[]`, "a JSON object is wanted"},
		{`{"name": "n"`, "not JSON"},
		{`{"name": "n"}`, "no tasks"},
		{`{"name": "n", "tasks": {"main": []}} 5`, "something follows"},
		{`{"tasks": {"main": []}}`, "no name"},
		{`{"name": 5, "tasks": {"main": []}}`, "name: a string is wanted, not 5"},
		{`{"name": "n", "name": "m", "tasks": {"main": []}}`, `"name" stands twice`},
		{`{"name": "n", "tasks": {"t": []}}`, `tasks: there is no "main"`},
		{`{"name": "n", "tasks": {"main": [], "main": []}}`, `"main" stands twice`},
		{`{"name": "n", "tasks": {"main": null}}`, `"main": a list is wanted, not null`},
		{objects(`"a": ["lock"], "a": ["lock"]`), `"a" stands twice`},
		{objects(`"a": []`), `objects: "a": it has no kind`},
		{objects(`"a": [1]`), "kind: a string is wanted"},
		{objects(`"a": ["mutex"]`), `unknown kind "mutex"`},
		{objects(`"a": ["lock", 1]`), "a lock takes 0 arguments, not 1"},
		{objects(`"a": ["queue"]`), "a queue takes 1 arguments, not 0"},
		{objects(`"a": ["queue", -1]`), "size of a queue: -1 is not between 0 and"},
		{objects(`"a": ["barrier", 0]`), "size of a barrier: 0 is not between 1 and"},
		{with(`5`), `"main": operation 1: a list is wanted, not 5`},
		{with(`["sleep", 0], []`), "operation 2: it has no name"},
		{with(`[5]`), "name: a string is wanted"},
		{with(`["fork"]`), `unknown operation "fork"`},
		{with(`["sleep"]`), "sleep: it takes 1 arguments, not 0"},
		{with(`["sleep", 1, 2]`), "sleep: it takes 1 arguments, not 2"},
		{with(`["sleep", -1]`), "-1 is not between"},
		{with(`["sleep", 1.5]`), "a whole number is wanted, not 1.5"},
		{with(`["sleep", 99999999999]`), "99999999999 is not between"},
		{with(`["sleep", null]`), "a whole number is wanted, not null"},
		{with(`["log", 5]`), "a string is wanted, not 5"},
		{with(`["spawn", "u"]`), `there is no task "u"`},
		{with(`["get", "x"]`), `get: there is no object "x"`},
		{with(`["get", "l"]`), `get: "l" is of the kind lock`},
		{with(`["acquire", "e"]`), `acquire: "e" is of the kind event`},
		{with(`["shutdown", "q", 1]`), "true or false is wanted, not 1"},
		{with(`["wait", ["t"], "SOMETIME", null]`), `unknown end of a wait "SOMETIME"`},
		{with(`["gather", ["t", "x"]]`), `there is no task "x"`},
		{with(`["try", [], {"else": []}]`), `unknown handler "else"`},
		{with(`["try", [], {"error": [], "error": []}]`), `"error" stands twice`},
		{with(`["with", "l", [["return", 1]]]`), "return: it stands only at a task's top level"},
		{with(`["try", [], {"finally": [["return", 1]]}]`), "return: it stands only at a task's top level"},
		{with(`["timeout", 1, [["try", [], {"cancel": []}]]]`), "a cancel handler stands only outside"},
		{with(`["group", [], [["with", "l", [["try", [], {"cancel": []}]]]]]`), "a cancel handler stands only outside"},
		{with(strings.Repeat(`["with", "l", [`, maxNesting+1) + strings.Repeat(`]]`, maxNesting+1)), "nested more than"},
	} {
		_, err := Parse([]byte(c.input))
		if err == nil || !strings.Contains(err.Error(), c.reason) {
			t.Errorf("%s:\ngot  %v\nwant %s", c.input, err, c.reason)
		}
	}
}

func TestSamplesAreReadAndWrittenAsTheyStand(t *testing.T) {
	for _, c := range readCases(t, "testdata/samples.jsonl") {
		again, err := Parse([]byte(c.Scenario.String()))
		if err != nil {
			t.Fatalf("%s: %v", c.Scenario.Name, err)
		}
		if !reflect.DeepEqual(again, c.Scenario) {
			t.Errorf("%s became\n%s", c.Scenario, again)
		}
	}
}

func readCases(t *testing.T, path string) []Case {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	cases, err := ReadCases(f)
	if err != nil {
		t.Fatal(err)
	}
	if len(cases) == 0 {
		t.Fatal("there are none")
	}
	return cases
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(with(`["try", [["wait", ["t"], "ALL_COMPLETED", null]], {"error": [], "finally": [["sleep", 1]]}]`)))
	f.Add([]byte(with(`["timeout", 1, [["with", "l", [["put", "q", 2]]]]], ["shutdown", "q", false], ["return", 1]`)))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := Parse(data)
		if err != nil {
			return
		}
		again, err := Parse([]byte(s.String()))
		if err != nil {
			t.Fatalf("%s: %v", s, err)
		}
		if !reflect.DeepEqual(s, again) {
			t.Fatalf("%s became %s", s, again)
		}
	})
}
