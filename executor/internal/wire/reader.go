package wire

import (
	"fmt"
	"slices"
)

// Buffer is what has come and has not been looked at. Whoever uses it keeps
// others out.
type Buffer struct {
	data  []byte
	start int // of what has not been taken
	end   int // of what has come
	files []int
}

const (
	bufferSize = 4 << 10
	// bufferKept is the size up to which a buffer is kept when it is empty.
	bufferKept = 64 << 10
	// maxFiles bounds the files that wait for their frames: a frame has one, and
	// the next read comes when there is no whole frame left.
	maxFiles = 4
)

// Next takes the next frame, if there is a whole one. Its body is valid until
// Fill. file is its memory file, which is the caller's, or -1.
func (b *Buffer) Next() (f Frame, file int, ok bool, err error) {
	f, size, needed, err := Parse(b.data[b.start:b.end])
	if err != nil {
		return f, -1, false, err
	}
	if size == 0 {
		b.makeRoom(needed)
		return f, -1, false, nil
	}
	b.start += size
	file = -1
	if f.InMemory {
		if len(b.files) == 0 {
			return f, -1, false, fmt.Errorf("%w: its memory is missing", ErrFrame)
		}
		file = b.files[0]
		b.files = b.files[1:]
	}
	return f, file, true, nil
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

// Filled says that n bytes and a file, or -1, have been read.
func (b *Buffer) Filled(n, file int) error {
	b.end += n
	if file < 0 {
		return nil
	}
	b.files = append(b.files, file)
	if len(b.files) > maxFiles {
		return fmt.Errorf("%w: files without frames", ErrFrame)
	}
	return nil
}

// Files takes the files that no frame has claimed, for the caller to close.
func (b *Buffer) Files() []int {
	files := b.files
	b.files = nil
	return files
}
