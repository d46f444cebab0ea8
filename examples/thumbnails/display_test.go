package main

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

func TestTheLineOnATerminal(t *testing.T) {
	var said bytes.Buffer
	d := display{out: &said, terminal: true, all: 2}
	d.ended("a/b.png", errors.New("no\nstack"))
	d.ended("a/\x1bc.png", nil)
	d.over("small")
	half := strings.Repeat("█", barWidth/2) + strings.Repeat("░", barWidth/2)
	want := "\r\x1b[Kb.png: no\n\r\x1b[K" + half + " 1 of 2  b.png\r\x1b[K" + strings.Repeat("█", barWidth) + " 2 of 2  \ufffdc.png\r\x1b[K1 thumbnails in small\n"
	if said.String() != want {
		t.Errorf("it said %q", &said)
	}
}
