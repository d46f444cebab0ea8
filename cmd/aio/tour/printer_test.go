package tour

import (
	"os"
	"slices"
	"testing"
)

// The null device stands in for a terminal: both are character devices.
func TestColourCanBeRefused(t *testing.T) {
	device, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer device.Close()
	t.Setenv("NO_COLOR", "")
	t.Setenv("TERM", "xterm")
	if !newPrinter(device, false).colour {
		t.Fatal("no colour on a character device")
	}
	if newPrinter(device, true).colour {
		t.Error("colour in plain mode")
	}
	t.Setenv("TERM", "dumb")
	if newPrinter(device, false).colour {
		t.Error("colour on a dumb terminal")
	}
	t.Setenv("TERM", "xterm")
	t.Setenv("NO_COLOR", "1")
	if newPrinter(device, false).colour {
		t.Error("colour in spite of NO_COLOR")
	}
}

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		text string
		want []string
	}{
		{"", nil},
		{" one\n\t two ", []string{"one two"}},
		{"aaa bbb ccc", []string{"aaa bbb", "ccc"}},
		{"aaaaaaaaaa b", []string{"aaaaaaaaaa", "b"}},
		{"ééé ééé", []string{"ééé ééé"}},
	} {
		if got := wrap(c.text, 7); !slices.Equal(got, c.want) {
			t.Errorf("%q: got %q", c.text, got)
		}
	}
}
