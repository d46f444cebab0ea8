package conformance

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

const maxLine = 16 << 20 // bytes of one scenario

// A Case is a scenario with the trace it must give.
type Case struct {
	Scenario Scenario `json:"scenario"`
	Trace    Trace    `json:"trace"`
}

// A Result is the trace that one side gave for the scenario of that name.
type Result struct {
	Name  string `json:"name"`
	Trace Trace  `json:"trace"`
}

// ReadScenarios reads lines that are JSON objects with a scenario each; other members and empty lines mean nothing.
// The error of a line that cannot be read begins with its number.
func ReadScenarios(r io.Reader) ([]Scenario, error) {
	var all []Scenario
	err := eachLine(r, func(line []byte) error {
		parts, err := members(line)
		if err != nil {
			return err
		}
		for _, part := range parts {
			if part.key == "scenario" {
				s, err := Parse(part.value)
				all = append(all, s)
				return err
			}
		}
		return errors.New("there is no scenario")
	})
	return all, err
}

// ReadCases reads scenarios with the traces they must give, one JSON object a line.
func ReadCases(r io.Reader) ([]Case, error) { return readLines[Case](r) }

// ReadResults reads the traces that a runner wrote, one JSON object a line.
func ReadResults(r io.Reader) ([]Result, error) { return readLines[Result](r) }

func readLines[T any](r io.Reader) ([]T, error) {
	var all []T
	err := eachLine(r, func(line []byte) error {
		var v T
		if err := json.Unmarshal(line, &v); err != nil {
			return err
		}
		all = append(all, v)
		return nil
	})
	return all, err
}

func eachLine(r io.Reader, do func(line []byte) error) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	number := 0
	for lines.Scan() {
		number++
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 {
			continue
		}
		if err := do(line); err != nil {
			return fmt.Errorf("line %d: %w", number, err)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("line %d: %w", number+1, err)
	}
	return nil
}

// WriteLines writes values as JSON, one a line.
func WriteLines[T any](w io.Writer, values ...T) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	for _, v := range values {
		if err := encoder.Encode(v); err != nil {
			return err
		}
	}
	return nil
}
