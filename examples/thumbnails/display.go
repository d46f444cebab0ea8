package main

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"unicode"

	"github.com/goaio/aio"
	"github.com/goaio/aio/executor"
)

// display shows how far the work is: on a terminal in one line that is written
// over, with a line above it for each failure; elsewhere in a line for each file.
type display struct {
	out         io.Writer
	terminal    bool
	memory      int64 // bytes that a worker may have
	all         int
	made, wrong int
}

const barWidth = 30

func (d *display) ended(path string, err error) {
	name := printable(filepath.Base(path))
	if err != nil {
		d.wrong++
	} else {
		d.made++
	}
	done := d.made + d.wrong
	switch {
	case !d.terminal && err == nil:
		fmt.Fprintf(d.out, "%d of %d: %s\n", done, d.all, name)
	case !d.terminal:
		fmt.Fprintf(d.out, "%d of %d: %s: %s\n", done, d.all, name, d.reason(err))
	case err != nil:
		fmt.Fprintf(d.out, "\r\x1b[K%s: %s\n", name, d.reason(err))
		fallthrough
	default:
		full := barWidth * done / max(d.all, 1)
		fmt.Fprintf(d.out, "\r\x1b[K%s%s %d of %d  %.40s", strings.Repeat("█", full), strings.Repeat("░", barWidth-full), done, d.all, name)
	}
}

// over takes the line away, and says in another what has come of it.
func (d *display) over(to string) {
	if d.terminal {
		fmt.Fprint(d.out, "\r\x1b[K")
	}
	fmt.Fprintf(d.out, "%d thumbnails in %s\n", d.made, to)
}

// reason says in a few words why a file has no thumbnail.
func (d *display) reason(err error) string {
	var worker *executor.WorkerError
	var timeout *aio.TimeoutError
	switch {
	case errors.Is(err, executor.ErrMemory):
		return fmt.Sprintf("it takes more than %d MB of memory", d.memory>>20)
	case errors.As(err, &timeout):
		return fmt.Sprintf("it takes longer than %v", timeout.After)
	case errors.As(err, &worker):
		return "its process died, " + worker.Status
	}
	text, _, _ := strings.Cut(err.Error(), "\n") // a stack may follow
	return printable(text)
}

// printable keeps a file's name from moving the terminal's cursor.
func printable(text string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsControl(c) {
			return unicode.ReplacementChar
		}
		return c
	}, text)
}
