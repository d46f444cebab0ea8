package aiotest_test

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// recorder is a testing.TB that keeps what fails, to test failures with.
type recorder struct {
	testing.TB
	mu     sync.Mutex
	failed bool
	text   strings.Builder
}

func (r *recorder) Helper()       {}
func (r *recorder) Skipped() bool { return false }

func (r *recorder) Name() string { return r.TB.Name() + "/recorded" }

func (r *recorder) Failed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failed
}

func (r *recorder) Logf(format string, arguments ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	fmt.Fprintf(&r.text, format+"\n", arguments...)
}

func (r *recorder) Errorf(format string, arguments ...any) {
	r.Logf(format, arguments...)
	r.mu.Lock()
	r.failed = true
	r.mu.Unlock()
}

func (r *recorder) Fatalf(format string, arguments ...any) {
	r.Errorf(format, arguments...)
	runtime.Goexit()
}

// record runs fn with a recorder, on a goroutine of its own because it may end
// by Goexit, and returns what was reported.
func record(t *testing.T, fn func(r *recorder)) *recorder {
	r := &recorder{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		fn(r)
	}()
	<-done
	return r
}

// wantFailure fails the test unless r failed and said all of texts.
func wantFailure(t *testing.T, r *recorder, texts ...string) {
	t.Helper()
	if !r.Failed() {
		t.Errorf("the test passed, and should have said %q", texts)
	}
	for _, text := range texts {
		if !strings.Contains(r.text.String(), text) {
			t.Errorf("the report lacks %q:\n%s", text, r.text.String())
		}
	}
}
