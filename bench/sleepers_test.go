package main

import (
	"errors"
	"runtime"
	"testing"
)

func TestSleepersSeesTouchedMemory(t *testing.T) {
	const size = 64 << 20
	sample, err := sleepers(func(_ int, measure func()) error {
		held := make([]byte, size)
		for i := 0; i < len(held); i += 1024 {
			held[i] = 1
		}
		measure()
		runtime.KeepAlive(held)
		return nil
	})()
	if needsResidentMemory() != nil {
		if err == nil {
			t.Errorf("value %v on a system that does not tell it", sample.Value)
		}
		return
	}
	if least := 0.9 * size / sleeperCount; err != nil || sample.Value < least || sample.Note == "" {
		t.Errorf("sample %+v, error %v; want at least %v", sample, err, least)
	}
}

func TestSleepersPassesErrorsOn(t *testing.T) {
	broken := errors.New("broken")
	if _, err := sleepers(func(int, func()) error { return broken })(); err == nil {
		t.Error("a failure was measured")
	}
}

func TestParseResident(t *testing.T) {
	if got, err := parseResident("900 25 7 1 0 3 0\n", 4096); err != nil || got != 25*4096 {
		t.Errorf("resident %d, error %v", got, err)
	}
	for _, bad := range []string{"", "900", "900 -1", "900 many"} {
		if got, err := parseResident(bad, 4096); err == nil {
			t.Errorf("%q read as %d", bad, got)
		}
	}
}
