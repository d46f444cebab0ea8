package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestCommands(t *testing.T) {
	for _, c := range []struct {
		arguments []string
		status    int
		says      string
	}{
		{nil, 0, "usage"},
		{[]string{"help"}, 0, "aio tour"},
		{[]string{"tour", "--list"}, 0, " 1  Hello"},
		{[]string{"help"}, 0, "aio serve"},
		{[]string{"serve", "--help"}, 0, "--tls-cert FILE"},
		{[]string{"fly"}, 2, `no command named "fly"`},
	} {
		var out bytes.Buffer
		if status := run(c.arguments, &out, &out); status != c.status || !strings.Contains(out.String(), c.says) {
			t.Errorf("%q: status %d\n%s", c.arguments, status, &out)
		}
	}
}
