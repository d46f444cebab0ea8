package wire

import (
	"bytes"
	"errors"
	"testing"
)

func TestFramesComeOutAsTheyWentIn(t *testing.T) {
	var b []byte
	sent := []Frame{
		{Kind: Hello, Body: []byte("hello")},
		{Kind: Call, Call: 1<<64 - 1, Body: bytes.Repeat([]byte{7}, MaxBody)},
		{Kind: Result, Call: 3},
	}
	for _, f := range sent {
		b = f.Append(b)
	}
	var buffer Buffer
	var got []Frame
	// In pieces, so that every boundary falls into a frame somewhere.
	for piece := 1; len(b) > 0; piece = piece*3%4093 + 1 {
		for {
			f, ok, err := buffer.Next()
			if err != nil {
				t.Fatal(err)
			}
			if !ok {
				break
			}
			f.Body = bytes.Clone(f.Body)
			got = append(got, f)
		}
		n := copy(buffer.Room(), b[:min(piece, len(b))])
		b = b[n:]
		buffer.Filled(n)
	}
	for {
		f, ok, err := buffer.Next()
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			break
		}
		got = append(got, f)
	}
	if len(got) != len(sent) {
		t.Fatalf("%d frames of %d", len(got), len(sent))
	}
	for i := range sent {
		if got[i].Kind != sent[i].Kind || got[i].Call != sent[i].Call || !bytes.Equal(got[i].Body, sent[i].Body) {
			t.Errorf("frame %d is not what was sent", i)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for name, change := range map[string]func(b []byte){
		"a long body":  func(b []byte) { b[3] = 1 },
		"no kind":      func(b []byte) { b[4] = 0 },
		"unknown kind": func(b []byte) { b[4] = byte(kinds) },
		"flags":        func(b []byte) { b[5] = 2 },
		"reserved":     func(b []byte) { b[7] = 1 },
	} {
		b := Frame{Kind: Result, Body: []byte("x")}.Append(nil)
		change(b)
		if _, _, _, err := Parse(b); !errors.Is(err, ErrFrame) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(Frame{Kind: Call, Call: 1, Body: AppendCall(nil, 5, "name")}.Append(nil))
	f.Add(AppendAnswer(AppendHeader(nil, Result, true, 9, AnswerSize), 1))
	f.Add([]byte("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		frame, size, needed, err := Parse(data)
		switch {
		case err != nil:
			return
		case size == 0:
			if needed <= len(data) || needed > HeaderSize+MaxBody {
				t.Fatalf("%d bytes are there and %d needed", len(data), needed)
			}
			return
		case size > len(data) || size != HeaderSize+len(frame.Body):
			t.Fatalf("a frame of %d bytes with a body of %d, of %d", size, len(frame.Body), len(data))
		}
		again := AppendHeader(nil, frame.Kind, frame.InMemory, frame.Call, len(frame.Body))
		if again = append(again, frame.Body...); !bytes.Equal(again, data[:size]) {
			t.Fatalf("%x was read as %x", data[:size], again)
		}
		if _, name, input, err := ParseCall(frame.Body); err == nil && 9+len(name)+len(input) != len(frame.Body) {
			t.Fatal("a call is more or less than its parts")
		}
		if ran, rest, err := ParseAnswer(frame.Body); err == nil && (ran < 0 || !bytes.Equal(append(AppendAnswer(nil, ran), rest...), frame.Body)) {
			t.Fatal("an answer is more or less than its parts")
		}
		if _, _, note, err := ParseProgress(frame.Body); err == nil && len(note) > MaxNote {
			t.Fatal("a long note")
		}
	})
}
