package tour

import (
	"errors"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func ignore(line) {}

func TestLinesAreHandedOnAsTheyCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := step{check: all(prints("one", "two"), waits(1, time.Second), takes(time.Second, 2*time.Second)),
			run: func(say func(string, ...any)) error {
				say("one")
				time.Sleep(time.Second)
				say("%s", "two")
				return nil
			}}
		begin := time.Now()
		var got []line
		r, err := s.carryOut(limit, func(l line) {
			if l.at != time.Since(begin) {
				t.Errorf("%q was handed on late", l.text)
			}
			got = append(got, l)
		})
		if err != nil || len(got) != 2 || got[1] != (line{time.Second, "two"}) || r.elapsed != time.Second {
			t.Errorf("got %v after %v, %v", got, r.elapsed, err)
		}
	})
}

func TestWhatEndsAStepBadly(t *testing.T) {
	broken := errors.New("broken")
	for _, c := range []struct {
		name string
		run  func(func(string, ...any)) error
		want string
	}{
		{"an error", func(func(string, ...any)) error { return broken }, "broken"},
		{"a panic", func(func(string, ...any)) error { panic("boom") }, "it panicked: boom"},
		{"Goexit", func(func(string, ...any)) error { runtime.Goexit(); return nil }, "it called runtime.Goexit"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := step{run: c.run, check: func(result) error { t.Error("checked"); return nil }}
			if _, err := s.carryOut(limit, ignore); err == nil || err.Error() != c.want {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestAStepThatHangsFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		s := step{check: prints(), run: func(say func(string, ...any)) error {
			<-release
			say("too late")
			return nil
		}}
		handed := 0
		r, err := s.carryOut(limit, func(line) { handed++ })
		if !errors.Is(err, errHangs) || !strings.Contains(err.Error(), "10s") || r.elapsed != limit {
			t.Errorf("got %v after %v", err, r.elapsed)
		}
		close(release)
		synctest.Wait()
		if handed != 0 {
			t.Error("a line came after the end")
		}
	})
}
