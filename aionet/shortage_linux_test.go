package aionet

import (
	"bytes"
	"os"
	"os/exec"
	"testing"
)

const inShortage = "AIONET_TEST_IN_SHORTAGE"

// While the system refuses every accept for what it is short of, a server waits,
// says so once, and then accepts those that have waited. strace makes the
// system refuse: it cannot be had otherwise without harm to others, and root is
// refused no file.
func TestSystemIsShort(t *testing.T) {
	if os.Getenv(inShortage) != "" {
		acceptedInTheEnd(t)
		return
	}
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace is not installed, which has the system refuse to accept")
	}
	if out, err := exec.Command(strace, "-o", os.DevNull, "true").CombinedOutput(); err != nil {
		t.Skipf("processes cannot be traced here: %s", out)
	}
	for _, short := range []string{"ENFILE", "ENOBUFS", "ENOMEM"} {
		t.Run(short, func(t *testing.T) {
			child := exec.Command(strace, "-f", "-o", os.DevNull, "-e", "trace=accept4", "-e", "inject=accept4:error="+short+":when=2..5",
				os.Args[0], "-test.run=^TestSystemIsShort$", "-test.v")
			child.Env = append(os.Environ(), inShortage+"=1")
			out, err := child.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			if n := bytes.Count(out, []byte("cannot accept connections for now")); n != 1 {
				t.Errorf("it was said %d times\n%s", n, out)
			}
		})
	}
}

func acceptedInTheEnd(t *testing.T) {
	_ = serving(t, handlers["protocol"], nil, func(address string) {
		for range 3 {
			c := dialServer(t, address)
			ask(t, c)
			c.Close()
		}
	})
}
