package conformance

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
)

type member struct {
	key   string
	value json.RawMessage
}

// members returns the members of a JSON object in the order written, which a map would lose, together with duplicates.
func members(data []byte) ([]member, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	opening, err := decoder.Token()
	if err != nil {
		return nil, syntaxError(err)
	}
	if opening != json.Delim('{') {
		return nil, fmt.Errorf("a JSON object is wanted, not %s", excerpt(data))
	}
	var all []member
	seen := map[string]bool{}
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			return nil, syntaxError(err)
		}
		m := member{key: key.(string)} // The decoder lets nothing else stand there.
		if seen[m.key] {
			return nil, fmt.Errorf("%q stands twice", m.key)
		}
		seen[m.key] = true
		if err := decoder.Decode(&m.value); err != nil {
			return nil, syntaxError(err)
		}
		all = append(all, m)
	}
	if _, err := decoder.Token(); err != nil {
		return nil, syntaxError(err)
	}
	if decoder.More() {
		return nil, errors.New("something follows the JSON object")
	}
	return all, nil
}

func syntaxError(err error) error { return fmt.Errorf("not JSON: %w", err) }

func parseList(data []byte) ([]json.RawMessage, error) {
	if len(data) == 0 || data[0] != '[' {
		return nil, fmt.Errorf("a list is wanted, not %s", excerpt(data))
	}
	var elements []json.RawMessage
	if err := json.Unmarshal(data, &elements); err != nil {
		return nil, syntaxError(err)
	}
	return elements, nil
}

func parseString(data []byte) (string, error) {
	if len(data) == 0 || data[0] != '"' {
		return "", fmt.Errorf("a string is wanted, not %s", excerpt(data))
	}
	var s string
	if err := json.Unmarshal(data, &s); err != nil {
		return "", syntaxError(err)
	}
	return s, nil
}

func parseNumber(data []byte, least int) (int, error) {
	n, err := strconv.Atoi(string(data))
	if err != nil {
		return 0, fmt.Errorf("a whole number is wanted, not %s", excerpt(data))
	}
	if n < least || n > maxNumber {
		return 0, fmt.Errorf("%d is not between %d and %d", n, least, maxNumber)
	}
	return n, nil
}

func parseBool(data []byte) (bool, error) {
	switch string(data) {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, fmt.Errorf("true or false is wanted, not %s", excerpt(data))
}

// excerpt returns the beginning of data, for a message.
func excerpt(data []byte) string {
	const most = 40
	if len(data) > most {
		return string(data[:most]) + "…"
	}
	return string(data)
}
