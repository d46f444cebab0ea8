//go:build unix

package loop

import (
	"os"
	"strings"
	"syscall"
	"testing"
)

// realLoop returns a loop with a real driver, closed at the test's end.
func realLoop(t *testing.T) *Loop {
	t.Helper()
	return newLoop(t, func(o *Options) { o.Driver = "" })
}

// pair returns two connected sockets.
func pair(t *testing.T) (a, b int) {
	t.Helper()
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, fd := range fds {
		if err := syscall.SetNonblock(fd, true); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = syscall.Close(fd) })
	}
	return fds[0], fds[1]
}

func write(t *testing.T, fd int, text string) {
	t.Helper()
	if _, err := syscall.Write(fd, []byte(text)); err != nil {
		t.Fatal(err)
	}
}

func TestAReaderIsCalledWhileThereIsSomethingToRead(t *testing.T) {
	l := realLoop(t)
	a, b := pair(t)
	var got strings.Builder
	buffer := make([]byte, 1)
	if err := l.AddReader(a, func() {
		n, err := syscall.Read(a, buffer)
		if err != nil {
			t.Error(err)
		}
		got.Write(buffer[:n])
		if got.Len() == 3 {
			l.RemoveReader(a)
			l.CallSoon(l.Stop)
		}
	}); err != nil {
		t.Fatal(err)
	}
	l.CallSoon(func() { write(t, b, "abc") })
	if err := l.RunForever(); err != nil {
		t.Fatal(err)
	}
	if got.String() != "abc" {
		t.Errorf("got %q", got.String())
	}
}

func TestReaderAndWriterOfOneDescriptor(t *testing.T) {
	l := realLoop(t)
	a, b := pair(t)
	var tr trace
	add := func(add func(int, func()) error, text string, remove func(int) bool) {
		if err := add(a, func() {
			tr.log(text)()
			if !remove(a) {
				t.Errorf("no %s to remove", text)
			}
			if len(tr) == 2 {
				l.Stop()
			}
		}); err != nil {
			t.Fatal(err)
		}
	}
	write(t, b, "x")
	add(l.AddReader, "read", l.RemoveReader)
	add(l.AddWriter, "write", l.RemoveWriter)
	if err := l.RunForever(); err != nil {
		t.Fatal(err)
	}
	tr.want(t, "read", "write")
	if l.RemoveReader(a) || l.RemoveWriter(a) {
		t.Error("something was left to remove")
	}
}

func TestANewReaderReplacesTheOldOne(t *testing.T) {
	l := realLoop(t)
	a, b := pair(t)
	var tr trace
	_ = l.AddReader(a, tr.log("old"))
	if err := l.AddReader(a, func() { tr.log("new")(); l.RemoveReader(a); l.Stop() }); err != nil {
		t.Fatal(err)
	}
	write(t, b, "x")
	if err := l.RunForever(); err != nil {
		t.Fatal(err)
	}
	tr.want(t, "new")
}

func TestARemovedReaderIsNotCalledAlthoughItWasDue(t *testing.T) {
	l := realLoop(t)
	a, b := pair(t)
	c, d := pair(t)
	var tr trace
	one := func(own, other int) func() {
		return func() {
			tr.log("one")()
			l.RemoveReader(own)
			l.RemoveReader(other)
			l.CallSoon(l.Stop)
		}
	}
	_ = l.AddReader(a, one(a, c))
	_ = l.AddReader(c, one(c, a))
	write(t, b, "x")
	write(t, d, "x")
	if err := l.RunForever(); err != nil {
		t.Fatal(err)
	}
	tr.want(t, "one")
}

func TestARegularFileIsRefused(t *testing.T) {
	l := realLoop(t)
	f, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	err = l.AddReader(int(f.Fd()), func() {})
	if err == nil || !strings.Contains(err.Error(), "regular file") {
		t.Errorf("got %v", err)
	}
	if err := l.AddReader(-1, func() {}); err == nil {
		t.Error("no error for descriptor -1")
	}
}

func TestClosingAWatchedDescriptorIsSurvived(t *testing.T) {
	l := realLoop(t)
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.AddReader(fds[0], func() {}); err != nil {
		t.Fatal(err)
	}
	_ = syscall.Close(fds[0])
	_ = syscall.Close(fds[1])
	l.CallSoon(l.Stop)
	if err := l.RunForever(); err != nil {
		t.Fatal(err)
	}
	// The number is given out again, to a pair that works.
	a, b := pair(t)
	if a != fds[0] && b != fds[0] {
		t.Fatalf("got descriptors %d and %d, want %d again", a, b, fds[0])
	}
	other := a + b - fds[0]
	if err := l.AddReader(fds[0], func() { l.RemoveReader(fds[0]); l.Stop() }); err != nil {
		t.Fatal(err)
	}
	write(t, other, "x")
	if err := l.RunForever(); err != nil {
		t.Fatal(err)
	}
}

func TestABusyLoopStillSeesItsDescriptors(t *testing.T) {
	l := realLoop(t)
	a, b := pair(t)
	stopped := false
	_ = l.AddReader(a, func() { stopped = true; l.RemoveReader(a); l.Stop() })
	write(t, b, "x")
	var spin func()
	rounds := 0
	spin = func() {
		if rounds++; !stopped && rounds < 100_000 {
			l.CallSoon(spin)
		}
	}
	l.CallSoon(spin)
	if err := l.RunForever(); err != nil {
		t.Fatal(err)
	}
	if !stopped || rounds > 4*pollEvery {
		t.Errorf("seen after %d rounds", rounds)
	}
}
