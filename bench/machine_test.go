package main

import (
	"strings"
	"testing"
	"time"
)

func TestFootnote(t *testing.T) {
	got := footnote(time.Date(2025, 3, 1, 0, 0, 0, 0, time.UTC), []string{"go1.26", "CPython 3.11"})
	if !strings.HasSuffix(got, "; go1.26, CPython 3.11; 2025-03-01.") || !strings.Contains(got, " core") {
		t.Errorf("footnote %q", got)
	}
}
