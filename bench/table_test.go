package main

import (
	"strings"
	"testing"
)

func tableOf(t *testing.T, figures ...Figure) string {
	t.Helper()
	var out strings.Builder
	if err := writeTable(&out, figures, schedule{rounds: 3, laps: 15, seed: 7}, "a machine."); err != nil {
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
	with := func(f Figure, r Ratio) Figure { f.Ratio = r; return f }
	got := tableOf(t,
		figure("yield", ours, "ns", 80), with(figure("yield", "goroutines", "ns", 40), Ratio{2, 1.9, 2.03}),
		with(shaky, Ratio{0.125, 0.1204, 0.125}), asleep, figure("sleepers", "uvloop", "B", 1590),
	)
	want := `micro, medians of 3 alternating rounds, of 15 laps where subjects take turns (-seed 7)

case      unit   aio  goroutines   /aio  uvloop  /aio
yield     ns    80.0        40.0  ×0.50    ~640  ×8.0
sleepers  B        -       2,720      -   1,590     -

aio of  goroutines        uvloop
yield   2.00 ±0.10  0.125 ±0.005

aio of: its value over the other's. ±: as far as the true median may lie from it, with a confidence of 95 % from six laps on.

/aio: times aio's value, the median of the ratios of a lap's turns.
~: the middle half of the turns is wider than a quarter of the value; how far to trust a ratio, its ± says.
sleepers, goroutines: resident set.
a machine.
`
	if got != want {
		t.Errorf("table\n%s\nwant\n%s", got, want)
	}
}

func TestTableWithoutOursHasNoRatios(t *testing.T) {
	got := tableOf(t, Figure{Suite: "micro", Case: "yield", Subject: "asyncio", Unit: "ns", Value: 909, Low: 909, High: 909})
	want := `micro, medians of 3 alternating rounds, of 15 laps where subjects take turns (-seed 7)

case   unit  asyncio
yield  ns        909

a machine.
`
	if got != want {
		t.Errorf("table\n%s\nwant\n%s", got, want)
	}
}

func TestRatioKeepsThreeDigits(t *testing.T) {
	for want, ratio := range map[string]Ratio{
		"1.42 ±0.03":       {1.4161, 1.39, 1.44},
		"0.0107 ±0.0003":   {0.01068, 0.0105, 0.01097},
		"12.3 ±0.1":        {12.34, 12.33, 12.34},
		"159 ±2":           {158.9, 157.3, 159},
		"1.00 ±0.00":       {1, 1, 1},
		"0.00010 ±0.00001": {0.0001, 0.0001, 0.000105},
	} {
		if got := ratio.String(); got != want {
			t.Errorf("%+v reads %q, want %q", ratio, got, want)
		}
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
