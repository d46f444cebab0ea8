package aiotest_test

import (
	"testing"

	"github.com/goaio/aio/aiotest"
)

// Goroutines that end, if late, are none that are left.
func TestNoLeaks(t *testing.T) {
	var r *recorder
	t.Run("clean", func(t *testing.T) {
		r = &recorder{TB: t}
		aiotest.NoLeaks(r)
		done := make(chan struct{})
		go close(done)
		<-done
	})
	if r.Failed() {
		t.Errorf("a test without leaks failed:\n%s", r.text.String())
	}
}
