// Package terminal paints what the commands write.
package terminal

import (
	"io"
	"os"
	"strings"
)

// The parameters of a terminal's colour sequence.
const (
	Bold   = "1"
	Dim    = "2"
	Red    = "31"
	Green  = "32"
	Yellow = "33"
	Blue   = "34"
	Cyan   = "36"
)

// WantsColour reports whether colour is welcome; see https://no-color.org.
func WantsColour(out io.Writer) bool {
	file, ok := out.(*os.File)
	if !ok || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// Paint colours each line of text by itself, so that lines can be indented
// afterwards. An empty colour is none.
func Paint(colour, text string) string {
	if colour == "" || text == "" {
		return text
	}
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		lines[i] = "\x1b[" + colour + "m" + l + "\x1b[0m"
	}
	return strings.Join(lines, "\n")
}
