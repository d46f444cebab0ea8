package wire

import (
	"bytes"
	"errors"
	"testing"
)

// A read takes one packet, whoever reads, and one that is not there takes none.
func TestPackets(t *testing.T) {
	there, here, err := Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer CloseFile(there)
	defer CloseFile(here)
	if err := SetPackets(here, true); err != nil {
		t.Fatal(err)
	}
	again, err := ReadingEnd(here)
	if err != nil {
		t.Fatal(err)
	}
	defer CloseFile(again)
	if n := Packets(here); n < 2 {
		t.Fatalf("the pipe holds %d packets", n)
	}
	large := bytes.Repeat([]byte{7}, Packet)
	for _, packet := range [][]byte{[]byte("one"), []byte("two"), large} {
		if n, err := Write(here, packet, true); n != len(packet) || err != nil {
			t.Fatal(n, err)
		}
	}
	if n := Unread(here); n != 6+Packet {
		t.Errorf("%d bytes are unread", n)
	}
	var worker Buffer
	if _, err := worker.Fill(there, false); err != nil || string(worker.data[:worker.end]) != "one" {
		t.Errorf("%q, error %v", worker.data[:worker.end], err)
	}
	var b [2 * Packet]byte
	for _, want := range [][]byte{[]byte("two"), large} {
		if n, err := Read(again, b[:]); !bytes.Equal(b[:n], want) || err != nil {
			t.Errorf("%d bytes, error %v", n, err)
		}
	}
	if _, err := Read(again, b[:]); !errors.Is(err, ErrWouldBlock) {
		t.Errorf("error %v", err)
	}
	// Without packets a read takes what is there.
	if err := SetPackets(here, false); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"a", "b"} {
		if _, err := Write(here, []byte(part), true); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := Read(again, b[:]); string(b[:n]) != "ab" || err != nil {
		t.Errorf("%q, error %v", b[:n], err)
	}
}
