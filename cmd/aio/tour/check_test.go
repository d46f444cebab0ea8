package tour

import (
	"testing"
	"time"
)

func TestChecks(t *testing.T) {
	r := result{lines: []line{{0, "a"}, {time.Second, "b"}}, elapsed: 2 * time.Second}
	for _, c := range []struct {
		name  string
		check check
		holds bool
	}{
		{"the lines", prints("a", "b"), true},
		{"another order", prints("b", "a"), false},
		{"a line less", prints("a"), false},
		{"a line more", prints("a", "b", "c"), false},
		{"in time", waits(1, time.Second), true},
		{"too early", waits(1, time.Second+1), false},
		{"no such line", waits(2, 0), false},
		{"as long as that", takes(2*time.Second, 3*time.Second), true},
		{"too short", takes(2*time.Second+1, 3*time.Second), false},
		{"too long", takes(time.Second, 2*time.Second), false},
		{"all", all(prints("a", "b"), waits(1, time.Second)), true},
		{"not all", all(prints("a", "b"), waits(1, time.Minute)), false},
	} {
		if err := c.check(r); (err == nil) != c.holds {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
