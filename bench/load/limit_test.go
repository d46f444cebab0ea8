//go:build linux

package load

import (
	"syscall"
	"testing"
)

func TestRaiseDescriptors(t *testing.T) {
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &before); err != nil {
		t.Fatal(err)
	}
	got, err := RaiseDescriptors(before.Cur)
	if err != nil || got < before.Cur {
		t.Errorf("limit %d, error %v; want at least %d", got, err, before.Cur)
	}
	var after syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &after); err != nil || after.Cur != got {
		t.Errorf("limit %d, want the %d that was told; error %v", after.Cur, got, err)
	}
}
