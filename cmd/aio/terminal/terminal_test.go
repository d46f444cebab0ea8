package terminal

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

func TestColourIsForTerminalsOnly(t *testing.T) {
	if WantsColour(&bytes.Buffer{}) {
		t.Error("a buffer is no terminal")
	}
	file, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if WantsColour(file) {
		t.Error("a file is no terminal")
	}
}

func TestEachLineIsPaintedByItself(t *testing.T) {
	if got := Paint(Red, "a\nb"); got != "\x1b[31ma\x1b[0m\n\x1b[31mb\x1b[0m" {
		t.Errorf("%q", got)
	}
	if got := Paint("", "a"); got != "a" {
		t.Errorf("%q", got)
	}
}
