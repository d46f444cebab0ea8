package conformance

import (
	"reflect"
	"strings"
	"testing"
)

const small = `{"name": "n", "objects": {}, "tasks": {"main": []}}`

func TestReadScenarios(t *testing.T) {
	all, err := ReadScenarios(strings.NewReader(`{"other": 1, "scenario": ` + small + `}` + "\n\n" + `{"scenario": ` + small + `, "trace": []}`))
	if err != nil || len(all) != 2 || all[1].Name != "n" {
		t.Errorf("%v, %v", all, err)
	}
}

func TestReadScenariosSaysWhichLineItCannotRead(t *testing.T) {
	good := `{"scenario": ` + small + "}\n"
	for input, reason := range map[string]string{
		good + "\n{}":                           "line 3: there is no scenario",
		good + `{"scenario": {"name": "n"}}`:    "line 2: the scenario has no tasks",
		`{"scenario": ` + small:                 "line 1: not JSON",
		good + good + "nonsense":                "line 3: not JSON",
		strings.Repeat(" ", maxLine+1):          "line 1: ",
		`{"scenario": 1, "scenario": ` + small:  "line 1: \"scenario\" stands twice",
		`{"scenario": ` + small + `} ` + "{}\n": "line 1: something follows",
	} {
		_, err := ReadScenarios(strings.NewReader(input))
		if err == nil || !strings.HasPrefix(err.Error(), reason) {
			t.Errorf("got %v, want %s", err, reason)
		}
	}
}

func TestTracesAreReadAndWritten(t *testing.T) {
	want := []Result{{Name: "<n>", Trace: Trace{{0, "main", "wait t0 | "}, {20, Loop, "deadlock"}}}, {Name: "m", Trace: Trace{}}}
	var b strings.Builder
	if err := WriteLines(&b, want...); err != nil {
		t.Fatal(err)
	}
	got, err := ReadResults(strings.NewReader(b.String()))
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%q was read as %v, %v", b.String(), got, err)
	}
	if _, err := ReadResults(strings.NewReader(`{"name": "n", "trace": [[1, "main"]]}`)); err == nil {
		t.Error("a line of two elements was read")
	}
}

func TestFirstDifference(t *testing.T) {
	a, b := Line{0, "t", "a"}, Line{0, "t", "b"}
	for _, c := range []struct {
		x, y Trace
		want int
	}{
		{nil, nil, -1}, {Trace{a, b}, Trace{a, b}, -1}, {Trace{a}, Trace{a, b}, 1}, {Trace{a, b}, Trace{a, a}, 1}, {Trace{b}, nil, 0},
	} {
		if got := FirstDifference(c.x, c.y); got != c.want {
			t.Errorf("%v and %v: %d", c.x, c.y, got)
		}
	}
}
