package tour

import (
	"fmt"
	"slices"
	"time"
)

// check says what is wrong with a result.
type check func(result) error

// all holds when every check does.
func all(checks ...check) check {
	return func(r result) error {
		for _, c := range checks {
			if err := c(r); err != nil {
				return err
			}
		}
		return nil
	}
}

// prints holds when exactly these lines came, in this order.
func prints(want ...string) check {
	return func(r result) error {
		got := make([]string, len(r.lines))
		for i, l := range r.lines {
			got[i] = l.text
		}
		if !slices.Equal(got, want) {
			return fmt.Errorf("it printed %q, and should have printed %q", got, want)
		}
		return nil
	}
}

// waits holds when line i, counted from 0, did not come before at.
func waits(i int, at time.Duration) check {
	return func(r result) error {
		if i >= len(r.lines) {
			return fmt.Errorf("it printed %d lines, and should have printed more", len(r.lines))
		}
		if l := r.lines[i]; l.at < at {
			return fmt.Errorf("%q came after %.3fs, and should have taken %v", l.text, l.at.Seconds(), at)
		}
		return nil
	}
}

// takes holds when the step lasted at least so long, and less than below. Leave
// room above: machines are busy.
func takes(least, below time.Duration) check {
	return func(r result) error {
		if r.elapsed < least || r.elapsed >= below {
			return fmt.Errorf("it took %.3fs, and should have taken from %v to %v", r.elapsed.Seconds(), least, below)
		}
		return nil
	}
}
