package process

import (
	"os"
	"syscall"
	"testing"

	"github.com/goaio/aio/internal/leakcheck"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

func start(t *testing.T, script string) *Process {
	t.Helper()
	p, err := Start(Command{Path: "/bin/sh", Args: []string{"sh", "-c", script}, Env: os.Environ(), Files: []int{0, 1, 2}})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestHowProcessesEnd(t *testing.T) {
	for script, want := range map[string]Status{
		"exit 0":        {Text: "exit status 0"},
		"exit 7":        {Text: "exit status 7", Code: 7},
		"kill -SEGV $$": {Text: "killed by SIGSEGV", Signal: syscall.SIGSEGV},
	} {
		p := start(t, script)
		p.Await()
		if got := p.Reap(); got != want {
			t.Errorf("%s: %+v, want %+v", script, got, want)
		}
	}
}

func TestReapEndsTheGroup(t *testing.T) {
	p := start(t, "sleep 1000 & exit 3")
	p.Await()
	if got := p.Reap(); got.Code != 3 {
		t.Errorf("%+v", got)
	}
	for syscall.Kill(-p.PID, 0) == nil {
		// A member that was killed may still be on its way out.
	}
}

func TestASignalReachesTheGroup(t *testing.T) {
	p := start(t, "sleep 1000 & wait")
	if n, err := p.Resident(); n <= 0 || err != nil {
		t.Error(n, err)
	}
	p.Signal(syscall.SIGTERM)
	p.Await()
	if got := p.Reap(); got.Signal != syscall.SIGTERM {
		t.Errorf("%+v", got)
	}
}

func TestWhatCannotBeStarted(t *testing.T) {
	if _, err := Start(Command{Path: "/there/is/no/such/program", Args: []string{"x"}, Files: []int{0, 1, 2}}); err == nil {
		t.Error("it was started")
	}
}
