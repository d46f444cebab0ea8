package wire

import (
	"bytes"
	"errors"
	"testing"

	"golang.org/x/sys/unix"
)

func TestASealedPayloadCrossesASocket(t *testing.T) {
	here, there, err := Pair()
	if err != nil {
		t.Fatal(err)
	}
	payload := bytes.Repeat([]byte("0123456789abcdef"), 2<<20)
	file, err := Seal(payload)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := unix.Write(file, []byte("x")); err == nil {
		t.Error("a sealed payload can be written")
	}
	if err := SendFile(here, file); err != nil {
		t.Fatal(err)
	}
	CloseFile(file)
	got, err := ReceiveFile(there)
	if err != nil {
		t.Fatal(err)
	}
	read, err := Unseal(got, 64<<20)
	if err != nil || !bytes.Equal(read, payload) {
		t.Fatalf("%d bytes, error %v", len(read), err)
	}
	// A frame that says that there is one more lies.
	if _, err := ReceiveFile(there); !errors.Is(err, ErrFrame) {
		t.Errorf("error %v without a file", err)
	}
	CloseFile(here)
	if _, err := ReceiveFile(there); !errors.Is(err, ErrFrame) {
		t.Errorf("error %v at the end", err)
	}
	CloseFile(there)
}

func TestUnsealRefuses(t *testing.T) {
	open, err := unix.MemfdCreate("open", unix.MFD_ALLOW_SEALING)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Unseal(open, 10); !errors.Is(err, ErrFrame) {
		t.Errorf("memory that can change: error %v", err)
	}
	large, err := Seal(make([]byte, 11))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Unseal(large, 10); err == nil {
		t.Error("a payload over the limit was read")
	}
}

func TestManyFilesAreRefused(t *testing.T) {
	here, there, err := Pair()
	if err != nil {
		t.Fatal(err)
	}
	defer CloseFile(here)
	defer CloseFile(there)
	if err := unix.Sendmsg(here, []byte("x"), unix.UnixRights(0, 1, 2), nil, 0); err != nil {
		t.Fatal(err)
	}
	if _, err = ReceiveFile(there); !errors.Is(err, ErrFrame) {
		t.Errorf("error %v", err)
	}
}
