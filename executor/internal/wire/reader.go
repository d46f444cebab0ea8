package wire

import "slices"

// Buffer is what has come and has not been looked at. Whoever uses it keeps
// others out.
type Buffer struct {
	data  []byte
	start int // of what has not been taken
	end   int // of what has come
}

const (
	bufferSize = Packet // a part of a packet that has no room is lost
	// bufferKept is the size up to which a buffer is kept when it is empty.
	bufferKept = 64 << 10
)

// Next takes the next frame, if there is a whole one. Its body is valid until
// Fill.
func (b *Buffer) Next() (f Frame, ok bool, err error) {
	f, size, needed, err := Parse(b.data[b.start:b.end])
	if err != nil {
		return f, false, err
	}
	if size == 0 {
		b.makeRoom(needed)
		return f, false, nil
	}
	b.start += size
	return f, true, nil
}

// makeRoom readies the buffer for a frame of that size at its start.
func (b *Buffer) makeRoom(size int) {
	if b.start == b.end && len(b.data) > bufferKept {
		b.data = nil
	}
	if b.data == nil {
		b.data = make([]byte, max(bufferSize, size))
		b.start, b.end = 0, 0
		return
	}
	b.end = copy(b.data, b.data[b.start:b.end])
	b.start = 0
	if size > len(b.data) {
		b.data = slices.Grow(b.data[:b.end], size-b.end)
		b.data = b.data[:cap(b.data)]
	}
}

// Room returns where to read to, after Next found no whole frame.
func (b *Buffer) Room() []byte {
	if b.data == nil {
		b.makeRoom(HeaderSize)
	}
	return b.data[b.end:]
}

// Filled says that n bytes have been read.
func (b *Buffer) Filled(n int) { b.end += n }
