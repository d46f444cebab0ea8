package conformance

import (
	"reflect"
	"testing"
)

const generated = 1000

func TestGeneratedScenariosAreValid(t *testing.T) {
	for seed := range uint64(generated) {
		s := Generate(seed)
		if _, err := Parse([]byte(s.String())); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

func TestASeedGivesTheSameScenarioAlways(t *testing.T) {
	for seed := range uint64(100) {
		if a, b := Generate(seed), Generate(seed); !reflect.DeepEqual(a, b) {
			t.Fatalf("%s\n%s", a, b)
		}
	}
	if Generate(1).String() == Generate(2).String() {
		t.Error("two seeds gave the same")
	}
}

func TestEveryOperationAndKindIsGenerated(t *testing.T) {
	ops, kinds, scenarios := map[string]int{}, map[Kind]int{}, 0
	for seed := range uint64(generated) {
		s := Generate(seed)
		scenarios++
		for op := range s.All() {
			ops[op.Name]++
			if o, ok := s.Object(op.Target); ok && arguments[op.Name][0] != task {
				kinds[o.Kind]++
			}
		}
	}
	for name := range arguments {
		if ops[name] < scenarios/50 {
			t.Errorf("%s: %d in %d scenarios", name, ops[name], scenarios)
		}
	}
	for kind := range smallest {
		if kinds[kind] < scenarios/50 {
			t.Errorf("%s: %d in %d scenarios", kind, kinds[kind], scenarios)
		}
	}
}
