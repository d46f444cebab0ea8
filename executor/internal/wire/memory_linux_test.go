package wire

import (
	"bytes"
	"errors"
	"io"
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
	frame := AppendHeader(nil, Result, true, 5, 0)
	if err := SendAll(here, frame, file); err != nil {
		t.Fatal(err)
	}
	CloseFile(file)
	CloseFile(here)
	var buffer Buffer
	if _, err := buffer.Fill(there, false); err != nil {
		t.Fatal(err)
	}
	f, got, ok, err := buffer.Next()
	if err != nil || !ok || f.Call != 5 || got < 0 {
		t.Fatal(f, got, ok, err)
	}
	read, err := Unseal(got, 64<<20)
	if err != nil || !bytes.Equal(read, payload) {
		t.Fatalf("%d bytes, error %v", len(read), err)
	}
	if _, err := buffer.Fill(there, false); err != io.EOF {
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
	var buffer Buffer
	_, err = buffer.Fill(there, false)
	if !errors.Is(err, ErrFrame) {
		t.Errorf("error %v", err)
	}
	for _, file := range buffer.Files() {
		CloseFile(file)
	}
}
