// Package wire is what a process pool and its workers say to each other: frames
// on two pipes, and payloads that are too large for these in sealed memory.
package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Kind says what a frame is.
type Kind uint8

// The kinds of frames. A worker says Hello first and is answered with Welcome,
// upon which it sets itself up and says Ready, or Failure. From then on it is
// sent Calls, and answers each, in order, with any number of Progress and Log,
// and one Result or Failure.
const (
	Hello    Kind = iota + 1 // worker: who it is
	Welcome                  // pool: how to set itself up
	Ready                    // worker: it takes calls
	Call                     // pool: a function and its input
	Result                   // worker: what the function returned
	Failure                  // worker: the error of a function, or of the set-up
	Progress                 // worker: how far the function is
	Log                      // worker: a line of its log
	Refused                  // a process that did not call Main: what it is
	kinds                    // their end
)

func (k Kind) String() string {
	names := [...]string{"", "hello", "welcome", "ready", "call", "result", "failure", "progress", "log", "refused"}
	if k == 0 || k >= kinds {
		return fmt.Sprintf("kind %d", uint8(k))
	}
	return names[k]
}

const (
	// HeaderSize is the size of what comes before a frame's body: its length in
	// four bytes, the kind, the flags, two zeroes and the number of the call in
	// eight, little-endian.
	HeaderSize = 16
	// Inline is the largest payload that goes through a pipe.
	Inline = 256 << 10
	// MaxBody bounds a frame's body: a payload and what comes before it.
	MaxBody = Inline + 4<<10
	// Packet is the largest frame that a read takes by itself: see SetPackets.
	Packet = 4 << 10
)

// InMemory is the flag of a frame whose payload is in a memory file, which is
// sent before the frame.
const InMemory = 1

// Frame is one message.
type Frame struct {
	Kind     Kind
	InMemory bool
	Call     uint64
	Body     []byte
}

// ErrFrame says that what came is not a frame: the other side is broken.
var ErrFrame = errors.New("not a frame")

// AppendHeader appends the header of a frame with a body of n bytes.
func AppendHeader(b []byte, kind Kind, inMemory bool, call uint64, n int) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(n))
	flags := byte(0)
	if inMemory {
		flags = InMemory
	}
	b = append(b, byte(kind), flags, 0, 0)
	return binary.LittleEndian.AppendUint64(b, call)
}

// Append appends a frame. Its body has at most MaxBody bytes.
func (f Frame) Append(b []byte) []byte {
	return append(AppendHeader(b, f.Kind, f.InMemory, f.Call, len(f.Body)), f.Body...)
}

// Parse returns the frame that b begins with and its size, or 0 and the size
// that is needed, at least, when b holds only a part of it. Body is part of b.
func Parse(b []byte) (f Frame, size, needed int, err error) {
	if len(b) < HeaderSize {
		return f, 0, HeaderSize, nil
	}
	n := binary.LittleEndian.Uint32(b)
	f.Kind = Kind(b[4])
	switch {
	case n > MaxBody:
		return f, 0, 0, fmt.Errorf("%w: a body of %d bytes, of %d at most", ErrFrame, n, MaxBody)
	case f.Kind == 0 || f.Kind >= kinds:
		return f, 0, 0, fmt.Errorf("%w: of %v", ErrFrame, f.Kind)
	case b[5] > InMemory || b[6] != 0 || b[7] != 0:
		return f, 0, 0, fmt.Errorf("%w: flags %x", ErrFrame, b[5:8])
	}
	size = HeaderSize + int(n)
	if len(b) < size {
		return f, 0, size, nil
	}
	f.InMemory = b[5] == InMemory
	f.Call = binary.LittleEndian.Uint64(b[8:])
	f.Body = b[HeaderSize:size:size]
	return f, size, size, nil
}
