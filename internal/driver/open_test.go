package driver

import (
	"strings"
	"testing"
)

func TestOpenDefault(t *testing.T) {
	t.Setenv(Environment, "")
	d, err := Open("")
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if d.Name() != system[0].name {
		t.Errorf("the default is %s, not %s", d.Name(), system[0].name)
	}
}

func TestOpenFromEnvironment(t *testing.T) {
	t.Setenv(Environment, "simulated")
	d, err := Open("")
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if d.Name() != "simulated" {
		t.Errorf("opened %s", d.Name())
	}
	real, err := Open("portable")
	if err != nil {
		t.Fatal(err)
	}
	defer real.Close()
	if real.Name() != "portable" {
		t.Errorf("the environment overruled the program: %s", real.Name())
	}
}

func TestOpenUnknownListsTheNames(t *testing.T) {
	t.Setenv(Environment, "iocp")
	for name, want := range map[string]string{"select": `"select" on`, "": `"iocp" (from $AIO_DRIVER)`} {
		_, err := Open(name)
		if err == nil {
			t.Fatalf("Open(%q) succeeded", name)
		}
		for _, s := range system {
			if !strings.Contains(err.Error(), s.name) || !strings.Contains(err.Error(), want) {
				t.Errorf("Open(%q): %v: want %s and %s", name, err, want, s.name)
			}
		}
	}
}
