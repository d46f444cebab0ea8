package driver

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

func socketPair(t *testing.T) (a, b int) {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fds[0]); unix.Close(fds[1]) })
	return fds[0], fds[1]
}

func fileOf(t *testing.T, content []byte) *os.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func TestSendfileMovesThePositionItWasGiven(t *testing.T) {
	f := fileOf(t, []byte("0123456789"))
	a, b := socketPair(t)
	got := make([]byte, 32)

	offset := int64(7)
	if n, err := Sendfile(a, int(f.Fd()), &offset, 100); n != 3 || err != nil || offset != 10 {
		t.Fatalf("sent %d, %v, offset %d", n, err, offset)
	}
	if n, _ := Read(b, got); string(got[:n]) != "789" {
		t.Errorf("got %q", got[:n])
	}
	if n, err := Sendfile(a, int(f.Fd()), nil, 2); n != 2 || err != nil {
		t.Fatalf("sent %d, %v, want the first two bytes", n, err)
	}
	if n, _ := Read(b, got); string(got[:n]) != "01" {
		t.Errorf("got %q", got[:n])
	}
	for _, want := range []string{"2345", "6789", "", ""} {
		n, err := SendfileResident(a, int(f.Fd()), 4)
		if n != len(want) || err != nil {
			t.Fatalf("sent %d, %v, want %q", n, err, want)
		}
		if n, _ := Read(b, got); string(got[:n]) != want {
			t.Errorf("got %q, want %q", got[:n], want)
		}
	}
}

func TestSendfileToAFullSocket(t *testing.T) {
	f := fileOf(t, make([]byte, 1<<20))
	a, _ := socketPair(t)
	if n, err := Sendfile(a, int(f.Fd()), nil, 1000); n != 1000 || err != nil {
		t.Fatal(n, err)
	}
	sent := 1000
	for {
		n, err := SendfileResident(a, int(f.Fd()), 1<<20)
		if err == unix.EAGAIN && n == 0 {
			break
		}
		if err != nil || n == 0 {
			t.Fatal(n, err)
		}
		sent += n
	}
	if n, err := Sendfile(a, int(f.Fd()), nil, 1); n != 0 || err != unix.EAGAIN {
		t.Error(n, err)
	}
	if at, _ := f.Seek(0, 1); at != int64(sent) {
		t.Errorf("sent %d bytes and the file is at %d", sent, at)
	}
}

func TestSpliceResident(t *testing.T) {
	f := fileOf(t, []byte("0123456789"))
	var pipe [2]int
	if err := unix.Pipe2(pipe[:], unix.O_NONBLOCK|unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	defer unix.Close(pipe[0])
	defer unix.Close(pipe[1])
	a, b := socketPair(t)
	got := make([]byte, 32)
	for _, want := range []string{"0123", "4567", "89", ""} {
		n, err := SpliceResident(int(f.Fd()), pipe[1], 4)
		if n != len(want) || err != nil {
			t.Fatalf("took %d, %v, want %q", n, err, want)
		}
		if want == "" {
			break
		}
		if n, err := SpliceResident(pipe[0], a, 100); n != len(want) || err != nil {
			t.Fatalf("sent %d, %v, want %q", n, err, want)
		}
		if n, _ := Read(b, got); string(got[:n]) != want {
			t.Errorf("got %q, want %q", got[:n], want)
		}
	}
	if n, err := SpliceResident(pipe[0], a, 100); n != 0 || err != unix.EAGAIN {
		t.Errorf("an empty pipe gave %d, %v", n, err)
	}
}

func TestResident(t *testing.T) {
	f := fileOf(t, make([]byte, 1<<16))
	if !Resident(int(f.Fd()), 100) {
		t.Skip("this file system does not say what is in memory")
	}
	if !Resident(int(f.Fd()), 1<<20) {
		t.Error("to read beyond the end waits for nothing")
	}
	if err := f.Sync(); err != nil {
		t.Fatal(err)
	}
	if err := unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED); err != nil {
		t.Fatal(err)
	}
	if Resident(int(f.Fd()), 100) {
		t.Skip("this file system keeps what it was told to drop")
	}
}

func TestInMemory(t *testing.T) {
	fd, err := unix.MemfdCreate("test", unix.MFD_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if !InMemory(fd) {
		t.Error("a file of memory is taken for one on a disk")
	}
	disk, err := os.Open("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	defer disk.Close()
	if InMemory(int(disk.Fd())) {
		t.Error("a file of another file system is taken for one of memory")
	}
}

func TestSplice(t *testing.T) {
	var pipe [2]int
	if err := unix.Pipe2(pipe[:], unix.O_NONBLOCK|unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	defer unix.Close(pipe[0])
	defer unix.Close(pipe[1])
	a, b := socketPair(t)
	c, d := socketPair(t)

	if n, err := Splice(b, pipe[1], 100); n != 0 || err != unix.EAGAIN {
		t.Errorf("of nothing: %d, %v", n, err)
	}
	sent := bytes.Repeat([]byte("aio"), 1000)
	if n, err := Write(a, sent); n != len(sent) || err != nil {
		t.Fatal(n, err)
	}
	if n, err := Splice(b, pipe[1], 2000); n != 2000 || err != nil {
		t.Errorf("into the pipe: %d, %v", n, err)
	}
	if n, err := Splice(pipe[0], c, 5000); n != 2000 || err != nil {
		t.Errorf("out of the pipe: %d, %v", n, err)
	}
	got := make([]byte, 5000)
	if n, err := Read(d, got); !bytes.Equal(got[:n], sent[:2000]) || err != nil {
		t.Errorf("%d bytes came, %v", n, err)
	}
	if n, err := Read(b, got); n != 1000 || err != nil {
		t.Errorf("%d bytes were left, %v", n, err)
	}
	unix.Shutdown(a, unix.SHUT_WR)
	if n, err := Splice(b, pipe[1], 100); n != 0 || err != nil {
		t.Errorf("at the end: %d, %v", n, err)
	}
}
