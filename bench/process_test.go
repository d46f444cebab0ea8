package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

func TestReadSamples(t *testing.T) {
	lines := `{"case":"spawn","value":2,"note":"pooled"}` + "\n" + `{"case":"yield","value":1.5}`
	got, err := readSamples(strings.NewReader(lines), []string{"yield", "spawn"})
	want := []Sample{{Case: "spawn", Value: 2, Note: "pooled"}, {Case: "yield", Value: 1.5}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("samples %v, error %v; want %v", got, err, want)
	}
}

func TestReadSamplesRefuses(t *testing.T) {
	for name, lines := range map[string]string{
		"nothing":      ``,
		"not JSON":     `yield 3`,
		"half a line":  `{"case":"yield",`,
		"another case": `{"case":"yield","value":1}{"case":"spawn","value":1}`,
		"twice":        `{"case":"yield","value":1}{"case":"yield","value":1}`,
		"zero":         `{"case":"yield","value":0}`,
		"negative":     `{"case":"yield","value":-1}`,
		"out of range": `{"case":"yield","value":1e999}`,
	} {
		if got, err := readSamples(strings.NewReader(lines), []string{"yield"}); err == nil {
			t.Errorf("%s: read as %v", name, got)
		}
	}
}

func FuzzReadSamples(f *testing.F) {
	f.Add([]byte(`{"case":"yield","value":1}`))
	f.Add([]byte(`{"case":"yield","value":1e999}`))
	f.Fuzz(func(t *testing.T, lines []byte) {
		samples, err := readSamples(bytes.NewReader(lines), []string{"yield"})
		if err == nil && (len(samples) != 1 || !(samples[0].Value > 0)) {
			t.Errorf("%q read as %v", lines, samples)
		}
	})
}

func TestMeasureWritesWhatReadSamplesReads(t *testing.T) {
	suite := Suite{Name: "fixed", Subjects: []Subject{goSubject("fixed", ours, map[string]Measurement{
		"yield": func() (Sample, error) { return Sample{Value: 3, Note: "so"}, nil },
	})}}
	var out bytes.Buffer
	if err := measure([]Suite{suite}, []string{"fixed", ours, "yield"}, &out); err != nil {
		t.Fatal(err)
	}
	got, err := readSamples(&out, []string{"yield"})
	if err != nil || !slices.Equal(got, []Sample{{Case: "yield", Value: 3, Note: "so"}}) {
		t.Errorf("samples %v, error %v", got, err)
	}
}

func TestGoSubjectLeavesOutCasesItLacks(t *testing.T) {
	samples, err := goSubject("fixed", ours, nil).Round(t.Context(), []string{"yield"})
	if err != nil || samples != nil {
		t.Errorf("samples %v, error %v; want neither", samples, err)
	}
}
