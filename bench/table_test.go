package main

import (
	"strings"
	"testing"
)

func tableOf(t *testing.T, figures ...Figure) string {
	t.Helper()
	var out strings.Builder
	if err := writeTable(&out, figures, 3, "a machine."); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestTableWithRatios(t *testing.T) {
	figure := func(c, subject, unit string, value float64) Figure {
		return Figure{Suite: "micro", Case: c, Subject: subject, Unit: unit, Value: value, Low: value, High: value}
	}
	shaky := figure("yield", "uvloop", "ns", 640)
	shaky.High = 900
	asleep := figure("sleepers", "goroutines", "B", 2720)
	asleep.Note = "resident set"
	got := tableOf(t,
		figure("yield", ours, "ns", 80), figure("yield", "goroutines", "ns", 40), shaky,
		asleep, figure("sleepers", "uvloop", "B", 1590),
	)
	want := `micro, medians of 3 alternating rounds

case      unit   aio  goroutines   /aio  uvloop  /aio
yield     ns    80.0        40.0  ×0.50    ~640  ×8.0
sleepers  B        -       2,720      -   1,590     -

/aio: times aio's value.
~: the rounds lie more than a quarter of the median apart.
sleepers, goroutines: resident set.
a machine.
`
	if got != want {
		t.Errorf("table\n%s\nwant\n%s", got, want)
	}
}

func TestTableWithoutOursHasNoRatios(t *testing.T) {
	got := tableOf(t, Figure{Suite: "micro", Case: "yield", Subject: "asyncio", Unit: "ns", Value: 909, Low: 909, High: 909})
	want := `micro, medians of 3 alternating rounds

case   unit  asyncio
yield  ns        909

a machine.
`
	if got != want {
		t.Errorf("table\n%s\nwant\n%s", got, want)
	}
}

func TestFormatValue(t *testing.T) {
	for value, want := range map[float64]string{
		0: "0.000", 0.0004: "0.000", 0.5: "0.500", 3.14159: "3.14", 37.24: "37.2", 842: "842",
		999.4: "999", 999.6: "1,000", 85823.2: "85,823", 1e6: "1,000,000",
	} {
		if got := formatValue(value); got != want {
			t.Errorf("formatValue(%v) = %s, want %s", value, got, want)
		}
	}
}

func TestFormatRatio(t *testing.T) {
	for ratio, want := range map[float64]string{
		0.034: "×0.034", 0.5: "×0.50", 1: "×1.0", 11.7: "×12", 340: "×340",
	} {
		if got := formatRatio(ratio); got != want {
			t.Errorf("formatRatio(%v) = %s, want %s", ratio, got, want)
		}
	}
}
